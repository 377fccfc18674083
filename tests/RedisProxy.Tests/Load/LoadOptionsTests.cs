using RedisProxy.Load;
using RedisProxy.Load.Measures;
using RedisProxy.Load.Sharing;

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
    public void Targets_ByDefault_AreAllButThoseThatShareConnections()
    {
        Assert.DoesNotContain(LoadOptions.Parse([]).Targets, Target.Shares);
        Assert.Equal(Target.Keys, LoadOptions.Parse(["--targets", "all"]).Targets);
    }

    [Fact]
    public void Multiplex_WithNothingElse_HasItsOwnMeasuresTargetsAndSection()
    {
        LoadOptions options = LoadOptions.Parse(["--multiplex"]);

        Assert.Equal(["base", "many", "pipeline", "large", "connect", "crowd", "neighbours"], options.Measures.Select(m => m.Key));
        Assert.Equal(Target.MultiplexKeys, options.Targets);
        Assert.Equal(("multiplex", "load"), (options.Section, LoadOptions.Parse([]).Section));
        Assert.True(LoadOptions.Parse(["--multiplex", "--check"]).Check);
    }

    [Fact]
    public void Multiplex_BehindWhatItExplains_IsUnderstoodAllTheSame()
    {
        LoadOptions options = LoadOptions.Parse(["--cells", "crowd,base", "--targets", "proxy,shared", "--multiplex"]);

        Assert.Equal(SharingMeasures.All.Where(m => m.Key is "crowd" or "base").Reverse(), options.Measures);
        Assert.Equal(["proxy", "shared"], options.Targets);
    }

    [Fact]
    public void MostRounds_OnlyWithCheck_AreMoreThanRounds()
    {
        Assert.Equal(5, LoadOptions.Parse(["--rounds", "5"]).MostRounds);
        Assert.Equal(15, LoadOptions.Parse(["--rounds", "5", "--check"]).MostRounds);
    }

    [Theory]
    [InlineData("--cells", "nonsense")]
    [InlineData("--cells", "crowd")]
    [InlineData("--cells", "idle", "--multiplex")]
    [InlineData("--multiplex", "--check", "--targets", "haproxy,proxy,shared")]
    [InlineData("--targets", "nonsense")]
    [InlineData("--rounds", "0")]
    [InlineData("--check", "--targets", "direct,proxy")]
    [InlineData("--cells")]
    public void Arguments_ThatMakeNoSense_AreRefused(params string[] arguments) =>
        Assert.Throws<FormatException>(() => LoadOptions.Parse(arguments));
}
