namespace RedisProxy.Tests.House;

public sealed class RoomRulesTests
{
    private static readonly SourceFile Low = new("src/RedisProxy/Sessions/State/Low.cs", "namespace RedisProxy.Sessions; class Low;");

    private static readonly string[][] Floors = [["Sessions/State"], ["Sessions", "Sessions/Links"]];

    [Theory]
    [InlineData("Sessions/State", "class A { Low? _low; }", "")]
    [InlineData("Sessions/Links", "class A { Low? _low; High? _high; }", "")]
    [InlineData("Sessions/State", "class A { High? _high; }", "Sessions/State must not use Sessions (High.cs)")]
    [InlineData("Sessions/Cellar", "class A;", "room 'Sessions/Cellar' is on no floor")]
    public void CheckDirections_Upward_IsAViolation(string room, string code, string expected)
    {
        var high = new SourceFile("src/RedisProxy/Sessions/High.cs", "namespace RedisProxy.Sessions; class High { Low? _low; }");
        var file = new SourceFile($"src/RedisProxy/{room}/A.cs", $"namespace RedisProxy.Sessions; {code}");
        IEnumerable<Violation> found = RoomRules.CheckDirections(FileUses.Of([Low, high, file]), Floors);
        Assert.Equal(expected, string.Join('\n', found.Select(static violation => violation.Rule)));
    }

    [Theory]
    [InlineData(15, 0, "")]
    [InlineData(16, 0, "a room has at most 15 files, not 16")]
    [InlineData(17, 17, "")]
    [InlineData(18, 17, "a room has at most 17 files, not 18")]
    [InlineData(16, 17, "this room has 16 files only: its exception of 17 may shrink")]
    public void CheckSizes_ByTheNumberOfFiles(int count, int exception, string expected)
    {
        IEnumerable<SourceFile> files = Enumerable.Range(0, count).Select(static i => new SourceFile($"src/RedisProxy/Resp/A{i}.cs", ""));
        var large = new Dictionary<string, int>();
        if (exception > 0)
        {
            large.Add("Resp", exception);
        }

        Assert.Equal(expected, string.Join('\n', RoomRules.CheckSizes(files, large).Select(static violation => violation.Rule)));
    }
}
