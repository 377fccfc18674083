namespace RedisProxy.Tests.House;

public sealed class FileUsesTests
{
    private const string Below =
        """
        namespace RedisProxy.Resp;
        class Low { public int Number => 1; public static Low Make() => new(); }
        static class Far { public static void Reach(this Low low) { } }
        """;

    private const string Between =
        """
        using RedisProxy.Resp;
        namespace RedisProxy.Sessions;
        class C { public Low Get() => Low.Make(); public static void Take(Low low) { } }
        """;

    [Theory]
    [InlineData("class A { Low? _low; }")]
    [InlineData("class A { int B(System.Collections.Generic.List<Low> lows) => 1; }")]
    [InlineData("class A { int B(C c) => c.Get().Number; }")]
    [InlineData("class A { void B(C c) => c.Get().Reach(); }")]
    [InlineData("class A { string B(C c) => $\"{c.Get().Number}\"; }")]
    [InlineData("class A { object B() => Low.Make(); }")]
    [InlineData("class A { void B() => C.Take(new()); }")]
    public void Of_NameOrMember_IsAUse(string code) => Assert.True(IsUsed(code));

    [Theory]
    [InlineData("class A { int Low => 1; int B => Low; }")]
    [InlineData("class A { void B(int Low) => System.Console.WriteLine(Low); }")]
    [InlineData("class A { string B => \"Low\"; } // Low")]
    [InlineData("class A { C? _c; }")]
    public void Of_TheSameWordForSomethingElse_IsNone(string code) => Assert.False(IsUsed(code));

    [Fact]
    public void Of_PartsOfAType_AreUsedWhereTheirMembersAre()
    {
        var first = new SourceFile("src/RedisProxy/Resp/Part.cs", "partial class Part { public int One => 1; }");
        var second = new SourceFile("src/RedisProxy/Resp/Part.More.cs", "partial class Part { public int Two => 2; }");
        var user = new SourceFile("src/RedisProxy/Resp/User.cs", "class User { int A(Part part) => part.Two; }");
        SourceFile[] files = [first, second, user];
        Assert.Equal([first, second], FileUses.Of(files).Uses[user].Keys.OrderBy(file => file.Path.Length));
    }

    private static bool IsUsed(string code)
    {
        var low = new SourceFile("src/RedisProxy/Resp/Low.cs", Below);
        var between = new SourceFile("src/RedisProxy/Sessions/C.cs", Between);
        var file = new SourceFile("src/RedisProxy/Sessions/A.cs", $"using RedisProxy.Resp;\nnamespace RedisProxy.Sessions;\n{code}");
        return FileUses.Of([low, between, file]).Uses[file].ContainsKey(low);
    }
}
