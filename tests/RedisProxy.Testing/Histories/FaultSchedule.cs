namespace RedisProxy.Testing.Histories;

/// <summary>
/// A random sequence of faults, the same for the same seed. Kinds are drawn from decks that contain each kind, so that a short schedule
/// covers all of them and a long one every order.
/// </summary>
internal sealed class FaultSchedule
{
    public const int Sentinels = 3;

    private const int MaxPauseMilliseconds = 400;
    private const int MinLengthMilliseconds = 100;
    private const int MaxLengthMilliseconds = 600;

    private static readonly FaultKind[] Deck =
    [
        .. Enum.GetValues<FaultKind>(), FaultKind.Planned, FaultKind.Kill, FaultKind.Zombie,
    ];

    private FaultSchedule(IReadOnlyList<FaultStep> steps) => Steps = steps;

    public IReadOnlyList<FaultStep> Steps { get; }

    /// <summary>With this many failovers; other faults come in addition.</summary>
    public static FaultSchedule Random(int seed, int failovers)
    {
        var random = new Random(seed);
        var steps = new List<FaultStep>();
        int left = failovers;
        while (left > 0)
        {
            FaultKind[] deck = [.. Deck];
            random.Shuffle(deck);
            foreach (FaultKind kind in deck)
            {
                var step = new FaultStep(
                    kind,
                    TimeSpan.FromMilliseconds(random.Next(MaxPauseMilliseconds)),
                    TimeSpan.FromMilliseconds(random.Next(MinLengthMilliseconds, MaxLengthMilliseconds)),
                    random.Next(Sentinels),
                    random.Next(2) == 0,
                    random.Next(2) == 0);
                if (step.IsFailover && left-- <= 0)
                {
                    break;
                }

                steps.Add(step);
            }
        }

        return new FaultSchedule(steps);
    }

    public override string ToString() => string.Join('\n', Steps.Select((step, index) => $"{index + 1}. after {step}"));
}
