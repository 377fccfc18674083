namespace RedisProxy.Load;

/// <summary>All runs of one cell: of each target as many as there were rounds, in their order.</summary>
internal sealed record CellResult(Cell Cell, long Requests, IReadOnlyDictionary<string, IReadOnlyList<Run>> Runs)
{
    public double Median(string target, Func<Run, double> figure) => Spread.Of(Runs[target].Select(figure)).Median;

    /// <summary>A target's figure over another's of the same round. Null when one of them did not run, or has no such figure.</summary>
    public Spread? Ratio(string target, string of, Func<Run, double> figure)
    {
        if (target == of || !Runs.TryGetValue(target, out IReadOnlyList<Run>? own) || !Runs.TryGetValue(of, out IReadOnlyList<Run>? others))
        {
            return null;
        }

        double[] ratios = [.. own.Zip(others, (run, other) => figure(run) / figure(other))];
        return ratios.All(r => r > 0 && double.IsFinite(r)) ? Spread.Of(ratios) : null;
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
