using RedisProxy.Load;
using RedisProxy.Load.Measures;

namespace RedisProxy.Tests.Load;

public sealed class LoadOptionsTests
{
    [Fact]
    public void Cells_WithoutAndWithCheck_AreTheFirstAndAll()
    {
        Assert.Equal([Measure.Default], LoadOptions.Parse([]).Measures);
        Assert.Equal(Measure.All, LoadOptions.Parse(["--check"]).Measures);
        Assert.Equal(["idle", "base"], LoadOptions.Parse(["--cells", "idle,base", "--check"]).Measures.Select(m => m.Key));
    }

    [Fact]
    public void Targets_ByDefault_AreAllButTheOneThatSharesConnections()
    {
        Assert.DoesNotContain(Target.NutcrackerKey, LoadOptions.Parse([]).Targets);
        Assert.Equal(Target.Keys, LoadOptions.Parse(["--targets", "all"]).Targets);
    }

    [Theory]
    [InlineData("--cells", "nonsense")]
    [InlineData("--targets", "nonsense")]
    [InlineData("--rounds", "0")]
    [InlineData("--check", "--targets", "direct,proxy")]
    [InlineData("--cells")]
    public void Arguments_ThatMakeNoSense_AreRefused(params string[] arguments) =>
        Assert.Throws<FormatException>(() => LoadOptions.Parse(arguments));
}
