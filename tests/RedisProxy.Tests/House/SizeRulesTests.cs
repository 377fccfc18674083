namespace RedisProxy.Tests.House;

public sealed class SizeRulesTests
{
    [Theory]
    [InlineData("src/RedisProxy/Resp/Sample.cs", 300)]
    [InlineData("src/RedisProxy/Sessions/RequestPump.cs", 150)]
    [InlineData("tests/RedisProxy.Tests/Resp/Sample.cs", 400)]
    [InlineData("benchmarks/RedisProxy.Load/Sample.cs", 400)]
    public void CheckFile_OneLineMoreThanAllowed_IsAViolation(string path, int max)
    {
        Assert.Empty(SizeRules.CheckFile(new SourceFile(path, Lines(max))));
        Assert.Empty(SizeRules.CheckFile(new SourceFile(path, Lines(max).TrimEnd('\n'))));
        Assert.Equal(max + 1, Assert.Single(SizeRules.CheckFile(new SourceFile(path, Lines(max + 1)))).Line);
    }

    [Fact]
    public void CheckLines_OneCharacterMoreThanAllowed_IsAViolation()
    {
        string allowed = new('x', 140);
        Assert.Empty(SizeRules.CheckLines(new SourceFile("a.cs", $"{allowed}\r\n{allowed}\n")));
        Assert.Equal("a.cs:2: a line has at most 140 characters, not 141",
            Assert.Single(SizeRules.CheckLines(new SourceFile("a.cs", $"{allowed}\n{allowed}x\n{allowed}"))).ToString());
    }

    [Fact]
    public void CheckMethods_OneLineMoreThanAllowed_IsAViolation()
    {
        Assert.Empty(SizeRules.CheckMethods(Method(70)));
        Assert.Equal("a.cs:3: a method has at most 70 lines, 'Long' has 71", Assert.Single(SizeRules.CheckMethods(Method(71))).ToString());
    }

    [Fact]
    public void CheckArchitecture_OneLineMoreThanAllowed_IsAViolation()
    {
        Assert.Empty(SizeRules.CheckArchitecture("ARCHITECTURE.md", Lines(200)));
        Assert.Single(SizeRules.CheckArchitecture("ARCHITECTURE.md", Lines(201)));
    }

    [Fact]
    public void CheckArchitecture_LongLineThatIsNoRowOfATable_IsAViolation()
    {
        string tooLong = new('x', 141);
        Assert.Empty(SizeRules.CheckArchitecture("ARCHITECTURE.md", $"| {tooLong} |\n"));
        Assert.Equal(2, Assert.Single(SizeRules.CheckArchitecture("ARCHITECTURE.md", $"x\n{tooLong}\n")).Line);
    }

    private static string Lines(int count) => string.Concat(Enumerable.Repeat("x\n", count));

    private static SourceFile Method(int lines) => new("a.cs", $"class A\n{{\n    void Long()\n    {{\n{Lines(lines - 3)}    }}\n}}\n");
}
