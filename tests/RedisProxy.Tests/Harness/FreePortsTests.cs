using RedisProxy.Testing;

namespace RedisProxy.Tests.Harness;

public sealed class FreePortsTests
{
    [Fact]
    public void Ports_TakenAtOnceByManyThreads_AreDifferentAndOutsideTheEphemeralRange()
    {
        int[] ports = [.. Enumerable.Range(0, 120).AsParallel().WithDegreeOfParallelism(8).Select(_ => FreePorts.Take())];

        Assert.Equal(ports.Length, ports.Distinct().Count());
        Assert.All(ports, port => Assert.InRange(port, 1024, 32_767));
    }
}
