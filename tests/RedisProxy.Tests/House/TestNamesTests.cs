namespace RedisProxy.Tests.House;

public sealed class TestNamesTests
{
    [Fact]
    public void All_HasTheTestsOfBothAssemblies()
    {
        Assert.Contains($"{typeof(TestNamesTests).FullName}.{nameof(All_HasTheTestsOfBothAssemblies)}", TestNames.All);
        Assert.Contains(TestNames.All, name => name.StartsWith("RedisProxy.ProcessTests.Integration.", StringComparison.Ordinal));
        Assert.DoesNotContain(TestNames.All, name => name.EndsWith(".Dispose", StringComparison.Ordinal));
    }
}
