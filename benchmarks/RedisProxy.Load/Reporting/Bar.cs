using System.Globalization;

namespace RedisProxy.Load.Reporting;

/// <summary>One thing that must be so, and how it is.</summary>
/// <param name="Measure">The measure that it belongs to.</param>
/// <param name="What">What the figure is.</param>
/// <param name="Figure">Null when it could not be measured, which fails.</param>
/// <param name="Limit">What must be kept; by how much is not judged.</param>
internal sealed record Bar(string Measure, string What, double? Figure, Limit Limit)
{
    /// <summary>The figure's standard error; null when it is not known.</summary>
    public double? Error { get; init; }

    /// <summary>
    /// The same figure of the floor, for the reader: on a machine where it misses the bar, the machine is the limit, not the forwarder. Not
    /// judged; null when there is none.
    /// </summary>
    public double? Floor { get; init; }

    /// <summary>What would be good, of the same figure. Not judged.</summary>
    public Limit? Aim { get; init; }

    /// <summary>What the aim is about, when it is another figure.</summary>
    public string? AimWhat { get; init; }

    /// <summary>That other figure.</summary>
    public double? AimFigure { get; init; }

    public static string[] Titles { get; } = ["measure", "of", "figure", "floor's", "bar", "aim", "verdict"];

    public bool IsPassed => Limit.Allows(Figure);

    /// <summary>Another measurement would most likely come to the same verdict: the bar is further away than two standard errors.</summary>
    public bool IsDecided => Figure is not { } figure || Error is not { } error || Math.Abs(figure - Limit.Value) > 2 * error;

    public string Name => $"{Measure}: {What}";

    public string[] Row => [Measure, What, FigureText(), FloorText(), Limit.ToString(), AimText(), IsPassed ? "passed" : "FAILED"];

    private string FigureText() => Error is { } error ? $"{Limit.Text(Figure)} ± {Limit.Text(error)}" : Limit.Text(Figure);

    private string FloorText() => Floor is null ? "" : Limit.Text(Floor);

    private string AimText()
    {
        if (Aim is null)
        {
            return "";
        }

        string verdict = Aim.Allows(AimWhat is null ? Figure : AimFigure) ? "reached" : "not reached";
        return AimWhat is null ? $"{Aim}: {verdict}" : $"{AimWhat} {Aim}: {Aim.Text(AimFigure)}, {verdict}";
    }
}

/// <summary>A bound, and how figures that are compared with it are written.</summary>
internal sealed record Limit(bool IsAtLeast, double Value, string Format)
{
    public static Limit AtMost(double value, string format = "0.000") => new(false, value, format);

    public static Limit AtLeast(double value, string format = "0.000") => new(true, value, format);

    public bool Allows(double? figure) => figure is { } known && (IsAtLeast ? known >= Value : known <= Value);

    public string Text(double? figure) => figure is { } known ? known.ToString(Format, CultureInfo.InvariantCulture) : "none";

    public override string ToString() => $"{(IsAtLeast ? '≥' : '≤')} {Text(Value)}";
}
