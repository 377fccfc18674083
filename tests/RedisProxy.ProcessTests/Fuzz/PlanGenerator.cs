using System.Globalization;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>Makes a plan of a seed. The lowest bits of the seed are the proxy's settings, so that one proxy serves many plans.</summary>
internal static class PlanGenerator
{
    private static readonly FuzzTheme[] Themes =
    [
        FuzzTheme.Quiet, FuzzTheme.Quiet, FuzzTheme.Failover, FuzzTheme.Failover, FuzzTheme.Expiry, FuzzTheme.Refusal, FuzzTheme.Cut,
        FuzzTheme.Doubt, FuzzTheme.Storm, FuzzTheme.Gone, FuzzTheme.Scene, FuzzTheme.Scene,
    ];

    /// <param name="seed">Any.</param>
    /// <param name="only">Null: of any theme.</param>
    public static FuzzPlan Make(int seed, FuzzTheme? only = null)
    {
        var random = new Random(seed);
        FuzzSettings settings = FuzzSettings.Of(seed & (FuzzSettings.Count - 1));
        FuzzTheme theme = only ?? Themes[random.Next(Themes.Length)];
        theme = theme == FuzzTheme.Expiry && settings.HoldMs > 100 ? FuzzTheme.Refusal : theme;
        string name = (seed & 0xfff).ToString("x", CultureInfo.InvariantCulture);
        var requests = new RequestGenerator(random, name, hasFaults: theme != FuzzTheme.Quiet);
        List<FuzzStep> steps = [.. Split(random, Stream(random, requests, theme))];
        switch (theme)
        {
            case FuzzTheme.Failover or FuzzTheme.Storm:
                AddFailovers(random, steps, 1 + random.Next(theme == FuzzTheme.Storm ? 6 : 3));
                break;
            case FuzzTheme.Expiry:
                AddExpiry(random, steps, settings);
                break;
            case FuzzTheme.Refusal:
                AddRefusal(random, steps, requests);
                break;
            case FuzzTheme.Cut:
                AddCut(random, steps);
                break;
            case FuzzTheme.Doubt:
                AddDoubt(random, steps, requests);
                break;
            case FuzzTheme.Gone:
                AddGone(random, steps, requests);
                break;
            case FuzzTheme.Scene:
                steps.AddRange(new Scenes(random, requests).Any(settings));
                break;
        }

        if (theme != FuzzTheme.Gone)
        {
            AddEpilogue(random, steps, theme);
        }

        return new FuzzPlan(seed, theme, settings, steps)
        {
            HasStorm = theme == FuzzTheme.Storm,
            ChopBytes = random.Next(theme == FuzzTheme.Storm ? 2 : 5) == 0 ? 1 + random.Next(30) : 0,
        };
    }

    private static List<FuzzRequest> Stream(Random random, RequestGenerator requests, FuzzTheme theme)
    {
        int[] weights = new int[RequestGenerator.Groups];
        for (int group = 0; group < weights.Length; group++)
        {
            weights[group] = group < 2 ? 1 + random.Next(4) : random.Next(5) switch { 0 => 8, 1 or 2 => 0, _ => 1 };
        }

        List<FuzzRequest> all = theme == FuzzTheme.Storm ? [.. requests.Listening()] : [];
        int groups = theme == FuzzTheme.Scene || (theme == FuzzTheme.Storm && random.Next(2) == 0) ? 2 : weights.Length;
        int count = 1 + random.Next(theme == FuzzTheme.Scene ? 5 : random.Next(12) == 0 ? 60 : 14);
        for (int i = 0; i < count; i++)
        {
            int point = random.Next(weights.Take(groups).Sum());
            int group = 0;
            while ((point -= weights[group]) >= 0)
            {
                group++;
            }

            foreach (FuzzRequest request in requests.Next(group))
            {
                all.Add(random.Next(12) == 0 ? request.Inline() : request);
            }
        }

        return all;
    }

    private static IEnumerable<FuzzStep> Split(Random random, List<FuzzRequest> requests)
    {
        int often = 1 + random.Next(6);
        foreach (FuzzRequest request in requests)
        {
            bool isSplit = random.Next(often * 3) == 0 && request.Bytes.Length > 1;
            yield return new FuzzStep(
                request,
                isSplit ? 1 + random.Next(request.Bytes.Length - 1) : 0,
                isSplit ? new FuzzFault(FuzzEvent.Pause, random.Next(3)) : null,
                random.Next(often) == 0);
            if (random.Next(often * 4) == 0)
            {
                yield return FuzzStep.Of(FuzzEvent.Drain);
            }

            if (request.Is(RequestNature.Blocks) && random.Next(3) == 0)
            {
                yield return FuzzStep.Of(FuzzEvent.Push);
            }
        }
    }

    private static void AddFailovers(Random random, List<FuzzStep> steps, int count)
    {
        for (int i = 0; i < count; i++)
        {
            int at = random.Next(steps.Count + 1);
            steps.Insert(at, FuzzStep.Of(FuzzEvent.Switch));
            if (random.Next(2) == 0)
            {
                steps.Insert(random.Next(at + 1), FuzzStep.Of(random.Next(2) == 0 ? FuzzEvent.PlannedHold : FuzzEvent.Down));
            }
            else if (random.Next(2) == 0)
            {
                steps.Insert(at, FuzzStep.Of(FuzzEvent.Drain));
            }
        }
    }

    /// <summary>An outage longer than requests are held, which ends at any place, in the middle of a request too.</summary>
    private static void AddExpiry(Random random, List<FuzzStep> steps, FuzzSettings settings)
    {
        int begin = random.Next(steps.Count);
        steps.Insert(begin, FuzzStep.Of(random.Next(2) == 0 ? FuzzEvent.Down : FuzzEvent.PlannedHold));
        int at = Math.Min(steps.Count - 1, begin + 1 + random.Next(4));
        var wait = new FuzzFault(FuzzEvent.Pause, settings.HoldMs + random.Next(40));
        if (steps[at].Request is { Bytes.Length: > 4 } request && random.Next(2) == 0)
        {
            steps[at] = steps[at] with { SplitAt = request.Bytes.Length - 1 - random.Next(4), Fault = wait };
        }
        else
        {
            steps.Insert(at, new FuzzStep(null, 0, wait, true));
        }

        int end = Math.Min(steps.Count, at + 1 + random.Next(3));
        steps.Insert(end, FuzzStep.Of(random.Next(2) == 0 ? FuzzEvent.Open : FuzzEvent.Switch));
    }

    private static void AddRefusal(Random random, List<FuzzStep> steps, RequestGenerator requests)
    {
        int at = random.Next(steps.Count);
        FuzzEvent what = random.Next(6) switch { 0 => FuzzEvent.LoseReplicas, 1 => FuzzEvent.DemoteStale, _ => FuzzEvent.Demote };
        if (random.Next(3) > 0)
        {
            steps.InsertRange(at, requests.Refused().Select(static request => new FuzzStep(request, 0, null, false)));
        }

        steps.Insert(at, FuzzStep.Of(what));
        steps.Insert(Math.Min(steps.Count, at + 2 + random.Next(8)), FuzzStep.Of(FuzzEvent.Promote));
        if (random.Next(2) == 0)
        {
            steps.Insert(at, FuzzStep.Of(FuzzEvent.Drain));
        }
    }

    private static void AddCut(Random random, List<FuzzStep> steps)
    {
        for (int i = 1 + random.Next(2); i > 0; i--)
        {
            FuzzEvent what = random.Next(5) switch
            {
                0 => FuzzEvent.Reset,
                1 => FuzzEvent.Close,
                2 => FuzzEvent.CutRequests,
                _ => FuzzEvent.CutReplies,
            };
            steps.Insert(random.Next(steps.Count + 1), FuzzStep.Of(what, 1 + random.Next(random.Next(3) == 0 ? 300 : 40)));
        }
    }

    /// <summary>A replica is told to take over while requests wait for their answers, and the old master hears of it.</summary>
    private static void AddDoubt(Random random, List<FuzzStep> steps, RequestGenerator requests)
    {
        int at = random.Next(steps.Count + 1);
        List<FuzzStep> added = [FuzzStep.Of(FuzzEvent.HoldReplies)];
        for (int i = 1 + random.Next(3); i > 0; i--)
        {
            added.Add(new FuzzStep(random.Next(3) == 0 ? requests.Write() : requests.Read(), 0, null, random.Next(2) == 0));
        }

        added.Add(new FuzzStep(random.Next(3) > 0 ? requests.Blocking() : requests.Script(), 0, null, true));
        added.Add(FuzzStep.Of(FuzzEvent.Pause, random.Next(4)));
        added.Add(FuzzStep.Of(FuzzEvent.Doubt));
        added.Add(FuzzStep.Of(random.Next(4) == 0 ? FuzzEvent.Pause : FuzzEvent.Demote, 1));
        added.Add(FuzzStep.Of(FuzzEvent.ReleaseReplies));
        added.Add(FuzzStep.Of(FuzzEvent.Pause, random.Next(4)));
        steps.InsertRange(at, added);
        steps.Insert(Math.Min(steps.Count, at + added.Count + random.Next(3)), FuzzStep.Of(FuzzEvent.Promote));
    }

    private static void AddGone(Random random, List<FuzzStep> steps, RequestGenerator requests)
    {
        FuzzEvent what = random.Next(3) switch { 0 => FuzzEvent.Down, 1 => FuzzEvent.PlannedHold, _ => FuzzEvent.ReadsOnly };
        steps.Clear();
        steps.Add(FuzzStep.Of(what));
        for (int i = 1 + random.Next(4); i > 0; i--)
        {
            steps.Add(new FuzzStep(random.Next(2) == 0 ? requests.Write() : requests.Read(), 0, null, random.Next(2) == 0));
        }
    }

    private static void AddEpilogue(Random random, List<FuzzStep> steps, FuzzTheme theme)
    {
        foreach (FuzzRequest request in RequestGenerator.Epilogue())
        {
            steps.Add(new FuzzStep(request, 0, null, random.Next(3) == 0));
        }

        if (theme is FuzzTheme.Failover or FuzzTheme.Refusal && random.Next(2) == 0)
        {
            steps.Insert(steps.Count - 4, FuzzStep.Of(FuzzEvent.Drain));
            steps.Insert(steps.Count - 4, FuzzStep.Of(FuzzEvent.Switch));
        }
    }
}
