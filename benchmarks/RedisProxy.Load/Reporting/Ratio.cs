namespace RedisProxy.Load.Reporting;

/// <summary>One contestant's figure over another's, from several rounds.</summary>
/// <param name="Least">Of all rounds.</param>
/// <param name="Centre">
/// The median of the means of every two rounds (Hodges and Lehmann, "Estimates of location based on rank tests", 1963): a round that
/// something else disturbed moves it as little as it moves the median, and it needs two thirds of the rounds to be as certain.
/// </param>
/// <param name="Most">Of all rounds.</param>
/// <param name="Error">
/// Its standard error: how far from the centre another such series would be, two times in three. From the median distance of the rounds
/// to their median, which a single disturbed round does not move either.
/// </param>
internal sealed record Ratio(double Least, double Centre, double Most, double Error)
{
    // The standard deviation of a normal distribution over its median distance from the median.
    private const double DeviationOverDistance = 1.4826;

    // The square root of π/3: the centre's error over the mean's, for a normal distribution.
    private const double CentreOverMean = 1.0233;

    public static Ratio Of(IReadOnlyList<double> rounds)
    {
        Spread all = Spread.Of(rounds);
        double centre = Spread.Of(rounds.SelectMany((one, index) => rounds.Skip(index).Select(other => (one + other) / 2))).Median;
        double distance = Spread.Of(rounds.Select(round => Math.Abs(round - all.Median))).Median;
        return new Ratio(
            all.Least, centre, all.Most, CentreOverMean * DeviationOverDistance * distance / Math.Sqrt(rounds.Count));
    }

    /// <summary>The centre, and in brackets the least and the most; nothing when there is none.</summary>
    public static string Text(Ratio? ratio, string format) =>
        ratio is null ? "" : Spread.WholeText(new Spread(ratio.Least, ratio.Centre, ratio.Most), format);
}
