namespace RedisProxy.ProcessTests.Harness;

/// <summary>
/// Tests that keep all processors busy. They run by themselves, after the others: beside them, a failover takes longer than Sentinels and
/// clients wait.
/// </summary>
[CollectionDefinition(Tests, DisableParallelization = true)]
public sealed class HeavyLoad
{
    public const string Tests = "heavy load";
}
