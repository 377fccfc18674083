namespace RedisProxy.Tests.House;

public sealed class CycleRulesTests
{
    [Fact]
    public void Find_FilesThatUseEachOther_ByWayOfOthersToo()
    {
        FileUses uses = Files(("A", "B"), ("B", "C D"), ("C", "A"), ("D", "E"), ("E", ""), ("F", "G"), ("G", "F"));
        Assert.Equal(["ABC", "FG"], CycleRules.Find(uses).Select(Names));

        static string Names(IReadOnlyList<SourceFile> cycle) => string.Concat(cycle.Select(static file => file.FileName[..1]).Order());
    }

    [Theory]
    [InlineData("A B", "")]
    [InlineData("A B C", "'C' is in no cycle any more: take it from the list")]
    [InlineData("A C", "a new cycle of files: A, B")]
    [InlineData("", "a new cycle of files: A, B")]
    public void Check_WhatIsNotKnown_AndWhatIsNoMore(string known, string expected)
    {
        FileUses uses = Files(("A", "B"), ("B", "A"), ("C", "A"));
        string[] found = [.. CycleRules.Check(uses, known.Length > 0 ? [known.Split(' ')] : []).Select(static violation => violation.Rule)];
        Assert.Equal(expected, found is [var first, ..] ? first : "");
    }

    private static FileUses Files(params (string Name, string Uses)[] files) => FileUses.Of(
    [
        .. files.Select(static file => new SourceFile(
            $"src/RedisProxy/Resp/{file.Name}.cs", $"namespace RedisProxy.Resp; class {file.Name} {{ {Fields(file.Uses)} }}")),
    ]);

    private static string Fields(string types) =>
        string.Concat(types.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static type => $"{type}? _{type};"));
}
