using System.Globalization;

namespace RedisProxy.Load.Reporting;

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

    /// <summary>The median alone; nothing when there is none.</summary>
    public static string Text(Spread? spread, string format) =>
        spread is null ? "" : spread.Median.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>The median, and in brackets the least and the most.</summary>
    public static string WholeText(Spread? spread, string format)
    {
        string Number(double number) => number.ToString(format, CultureInfo.InvariantCulture);
        return spread is null ? "" : $"{Number(spread.Median)} [{Number(spread.Least)}, {Number(spread.Most)}]";
    }
}
