using System.Globalization;
using System.Text;

using RedisProxy.Topology;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>A plan that the proxy does not stand, at its shortest.</summary>
internal sealed record FuzzFind(FuzzPlan Plan, string Problem, string Text)
{
    public const string SeenOnce = "(seen once, and not again)";

    /// <summary>The same plan has failed again.</summary>
    public bool IsRepeatable => !Text.Contains(SeenOnce, StringComparison.Ordinal);
}

/// <summary>Two servers and a proxy before one of them: runs plan after plan. Several lanes run beside each other.</summary>
internal sealed class FuzzLane : IAsyncDisposable
{
    private const int HangMs = 8_000;

    // Once it has failed, a hang that is looked for again is not mistaken for a busy machine.
    private const int HangAgainMs = 1_500;
    private const int TriesToFail = 3;

    private readonly FuzzServer _direct;
    private readonly FuzzServer _behind;
    private FuzzProxy? _proxy;
    private FuzzSettings? _settings;

    private FuzzLane(FuzzServer direct, FuzzServer behind)
    {
        _direct = direct;
        _behind = behind;
    }

    /// <summary>Plans that are tried to make a find shorter; 0: it is told as it is.</summary>
    public int ShrinkBudget { get; init; } = 120;

    public int Rounds { get; private set; }

    /// <summary>Of those, sessions that the proxy ended before the end of their stream.</summary>
    public Dictionary<FuzzTheme, (int Rounds, int Cuts)> Cuts { get; } = [];

    public static async Task<FuzzLane> StartAsync(int shrinkBudget) =>
        new(await FuzzServer.StartAsync("fuzz-direct"), await FuzzServer.StartAsync("fuzz-behind")) { ShrinkBudget = shrinkBudget };

    /// <returns>Null: nothing is wrong.</returns>
    public async Task<FuzzFind?> TryAsync(FuzzPlan plan)
    {
        string problem;
        try
        {
            (problem, _, _) = await RunAsync(plan, HangMs);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return new FuzzFind(plan, e.Message, $"the fuzzer itself failed: {e}\n  of {plan}");
        }

        if (problem.Length == 0)
        {
            return null;
        }

        if (ShrinkBudget == 0)
        {
            return new FuzzFind(plan, problem, $"{problem}\n  of {plan}");
        }

        string kind = KindOf(problem);
        FuzzPlan shortest = await Shrinker.ShrinkAsync(plan, shorter => FailsAsync(shorter, kind), ShrinkBudget);
        return new FuzzFind(shortest, problem, await DescribeAsync(plan, problem, shortest));
    }

    public async ValueTask DisposeAsync()
    {
        await EndProxyAsync();
        await _direct.DisposeAsync();
        await _behind.DisposeAsync();
    }

    // So that one find does not turn into another one while it is made shorter.
    private static string KindOf(string problem) =>
        problem.StartsWith("request", StringComparison.Ordinal) || problem.StartsWith("the session", StringComparison.Ordinal) ? "reply"
        : problem[..Math.Min(problem.Length, 12)];

    private async Task<bool> FailsAsync(FuzzPlan plan, string kind)
    {
        for (int i = 0; i < TriesToFail; i++)
        {
            if ((await RunAsync(plan, HangAgainMs)).Problem is { Length: > 0 } problem && KindOf(problem) == kind)
            {
                return true;
            }
        }

        return false;
    }

    private async Task<(string Problem, ReferenceRun Reference, ProxiedRun Run)> RunAsync(FuzzPlan plan, int hangMs)
    {
        ReferenceRun reference = await ReferenceRun.RunAsync(_direct, plan.Requests);
        FuzzProxy proxy = await ProxyAsync(plan.Settings);
        await proxy.ShowAsync(Availability.Available);
        proxy.Door.ChopBytes = plan.ChopBytes;
        await using FuzzStorm? storm = plan.HasStorm ? new FuzzStorm(_behind) : null;
        (string problem, ProxiedRun run) = await ProxiedRun.RunAsync(plan, _behind, proxy, reference, hangMs);
        if (problem.Length > 0)
        {
            // What went wrong must not go on, nor be taken for the next plan's.
            await EndProxyAsync();
            _behind.Take();
        }

        Rounds++;
        (int Rounds, int Cuts) cuts = Cuts.GetValueOrDefault(plan.Theme);
        Cuts[plan.Theme] = (cuts.Rounds + 1, cuts.Cuts + (run.WasCut ? 1 : 0));
        return (problem, reference, run);
    }

    private async Task<string> DescribeAsync(FuzzPlan plan, string problem, FuzzPlan shortest)
    {
        for (int i = 0; i < TriesToFail * 3; i++)
        {
            (string again, ReferenceRun reference, ProxiedRun run) = await RunAsync(shortest, HangAgainMs);
            if (again.Length > 0)
            {
                return Text(plan, problem, shortest, again, reference, run);
            }
        }

        return $"{problem}\n  of {plan}  {FuzzFind.SeenOnce}";
    }

    private static string Text(FuzzPlan plan, string problem, FuzzPlan shortest, string again, ReferenceRun reference, ProxiedRun run)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{again}");
        if (again != problem)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  at first: {problem}");
        }

        text.Append(CultureInfo.InvariantCulture, $"  the shortest of {plan.Steps.Count} steps, {shortest}");
        text.AppendLine("  directly:");
        IReadOnlyList<FuzzRequest> requests = shortest.Requests;
        for (int i = 0; i < requests.Count; i++)
        {
            string replies = string.Join(" ", reference.Replies[i].Select(Frames.Show));
            text.AppendLine(CultureInfo.InvariantCulture, $"    {requests[i].Words} -> {replies}");
        }

        text.AppendLine("  through the proxy:");
        foreach (string reply in run.Replies)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"    {Frames.Show(reply)}");
        }

        return text.ToString();
    }

    private async Task<FuzzProxy> ProxyAsync(FuzzSettings settings)
    {
        if (_settings != settings)
        {
            await EndProxyAsync();
        }

        _settings = settings;
        return _proxy ??= await FuzzProxy.StartAsync(_behind, settings);
    }

    private async Task EndProxyAsync()
    {
        if (_proxy is { } proxy)
        {
            _proxy = null;
            await proxy.DisposeAsync();
            _behind.Promote();
        }
    }
}
