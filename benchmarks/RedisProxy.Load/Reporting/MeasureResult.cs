namespace RedisProxy.Load.Reporting;

/// <summary>What a measure found.</summary>
/// <param name="Title">With what a reader has to know of how it was done.</param>
/// <param name="Table">The first row has the titles of the columns.</param>
/// <param name="Bars">What is judged with <c>--check</c>.</param>
internal sealed record MeasureResult(string Title, IReadOnlyList<string[]> Table, IReadOnlyList<Bar> Bars)
{
    /// <summary>It could not be measured.</summary>
    public bool IsFailed { get; private init; }

    /// <summary>Fails the check.</summary>
    public static MeasureResult Failed(string measure, string why) =>
        new($"{measure}: could not be measured", [["why"], [why]], [new Bar(measure, "could be measured", null, Limit.AtLeast(1, "0"))])
        {
            IsFailed = true,
        };
}
