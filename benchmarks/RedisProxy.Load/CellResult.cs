namespace RedisProxy.Load;

/// <summary>All runs of one cell: of each target as many as there were rounds, in their order.</summary>
internal sealed record CellResult(Cell Cell, long Requests, IReadOnlyDictionary<string, IReadOnlyList<Run>> Runs)
{
    public double Median(string target, Func<Run, double> figure) => Spread.Of(Runs[target].Select(figure)).Median;

    /// <summary>A target's figure over HAProxy's of the same round. Null when one of them did not run, or it has no such figure.</summary>
    public Spread? RatioToHaproxy(string target, Func<Run, double> figure)
    {
        if (target == Target.HaproxyKey || !Runs.TryGetValue(Target.HaproxyKey, out IReadOnlyList<Run>? base_))
        {
            return null;
        }

        double[] ratios = [.. Runs[target].Zip(base_, (run, haproxy) => figure(run) / figure(haproxy))];
        return ratios.All(r => r > 0) ? Spread.Of(ratios) : null;
    }
}

/// <summary>Some figures, in short.</summary>
internal sealed record Spread(double Least, double Median, double Most)
{
    public static Spread Of(IEnumerable<double> figures)
    {
        double[] sorted = [.. figures.Order()];
        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(sorted[0], median, sorted[^1]);
    }
}
