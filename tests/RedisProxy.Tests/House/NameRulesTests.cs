namespace RedisProxy.Tests.House;

public sealed class NameRulesTests
{
    [Theory]
    [InlineData("src/RedisProxy/Utils/A.cs", "class A;")]
    [InlineData("tests/RedisProxy.Tests/Helpers/A.cs", "class A;")]
    [InlineData("src/RedisProxy/Sessions/A.cs", "class SessionManager { }")]
    [InlineData("src/RedisProxy/Sessions/A.cs", "internal static class StringUtils;")]
    [InlineData("src/RedisProxy/Sessions/A.cs", "interface IHelper;")]
    [InlineData("src/RedisProxy/Sessions/A.cs", "readonly record struct Helpers(int A);")]
    public void Check_VagueName_IsAViolation(string path, string code) => Assert.Single(NameRules.Check(new SourceFile(path, code)));

    [Theory]
    [InlineData("src/RedisProxy/Sessions/Session.cs", "class Session; // no SessionManager")]
    [InlineData("src/RedisProxy/Sessions/Session.cs", "class Managers2; class Utilized; record Managed(string Helper);")]
    public void Check_OtherNames_AreAllowed(string path, string code) => Assert.Empty(NameRules.Check(new SourceFile(path, code)));
}
