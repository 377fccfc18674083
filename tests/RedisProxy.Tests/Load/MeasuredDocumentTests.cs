using RedisProxy.Load.Reporting;
using RedisProxy.Tests.Configuration;
using RedisProxy.Tests.House;

namespace RedisProxy.Tests.Load;

public sealed class MeasuredDocumentTests
{
    private const string Text = """
        # Performance

        <!-- load: begin -->
        | old |
        <!-- load: end -->

        ### Missed bars

        - `cell: p99`: the machine is noisy,
          as `cell: CPU` shows.

        <!-- kill: begin -->
        | old |
        <!-- kill: end -->

        """;

    private static readonly string[] Table = ["| new |", "| row |"];

    [Fact]
    public void Section_IsReplacedAndNothingElse()
    {
        (string? text, string? refusal) = MeasuredDocument.Rewrite(Text, "load", Table, []);

        Assert.Null(refusal);
        Assert.Equal(Text.Replace("load: begin -->\n| old |\n", "load: begin -->\n\n| new |\n| row |\n\n", StringComparison.Ordinal), text);
        Assert.Equal(text, MeasuredDocument.Rewrite(text!, "load", Table, []).Text);
    }

    [Fact]
    public void MissedBar_WithoutAReason_IsRefusedByName()
    {
        Bar[] bars = [Bar("p99", 1.1), Bar("CPU", 1.1), Bar("speed", 0.9)];

        (string? text, string? refusal) = MeasuredDocument.Rewrite(Text, "load", Table, bars);

        Assert.Null(text);
        Assert.Contains("for cell: CPU", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("p99", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("speed", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void MissedBar_WithItsReason_IsWrittenAndTheReasonStays()
    {
        (string? text, _) = MeasuredDocument.Rewrite(Text, "load", Table, [Bar("p99", 1.1)]);

        Assert.Contains("| new |", text, StringComparison.Ordinal);
        Assert.Equal(["cell: p99"], MeasuredDocument.ReasonsIn(text!));
    }

    [Theory]
    [InlineData("- `cell: p99`: ")]
    [InlineData("- `cell: p99`")]
    [InlineData("`cell: p99`: why")]
    public void Reason_ThatSaysNothingOrIsNoEntry_IsNone(string line) =>
        Assert.Empty(MeasuredDocument.ReasonsIn($"### Missed bars\n\n{line}\n"));

    [Fact]
    public async Task Refused_FileIsUnchanged()
    {
        using var folder = new ScratchDirectory();
        folder.Write("performance.md", Text);
        string path = Path.Combine(folder.Path, "performance.md");

        Assert.False(await MeasuredDocument.PublishAsync(MeasuredDocument.Open(path, "load"), "load", Table, [Bar("CPU", 1.1)]));
        Assert.Equal(Text, await File.ReadAllTextAsync(path));
        Assert.True(await MeasuredDocument.PublishAsync(MeasuredDocument.Open(path, "load"), "load", Table, [Bar("CPU", 0.9)]));
        Assert.Contains("| new |", await File.ReadAllTextAsync(path), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WithoutTheMarkers_FailsBeforeAnythingIsMeasured()
    {
        using var folder = new ScratchDirectory();
        folder.Write("performance.md", Text);
        string path = Path.Combine(folder.Path, "performance.md");

        Assert.NotNull(MeasuredDocument.Open(path, "load", "kill"));
        Assert.Throws<InvalidOperationException>(() => MeasuredDocument.Open(path, "load", "planned"));
        Assert.Null(MeasuredDocument.Open("-", "planned"));
    }

    [Theory]
    [InlineData("performance.md", "load", "planned", "kill")]
    [InlineData("multiplexing.md", "multiplex")]
    public void Document_OfTheRepository_HasItsSectionsAndAReasonForEachMissedBar(string document, params string[] sections)
    {
        string path = Path.Combine(SourceTree.Root, "docs", document);
        MeasuredDocument.Open(path, sections);
        string text = File.ReadAllText(path);
        string[] missed = [.. text.Split('\n')
            .Where(line => line.StartsWith('|') && line.Contains("FAILED", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Select(cells => $"{cells[1]}: {cells[2]}")];

        Assert.Equal([], missed.Except(MeasuredDocument.ReasonsIn(text)));
    }

    private static Bar Bar(string what, double figure) => new("cell", what, figure, Limit.AtMost(1));
}
