using BenchmarkDotNet.Attributes;
using RedisProxy.Resp;

namespace RedisProxy.Benchmarks;

/// <summary>Requests, as the request pump meets them: bursts in one span, and bodies that take several receives.</summary>
[MemoryDiagnoser]
public class RequestScanning
{
    private const int Burst = 16;
    private const int SetBytes = 100;

    private readonly byte[] _sets = Messages.Sets(Burst, SetBytes);
    private readonly byte[] _getsAndSets = Messages.GetsAndSets(Burst, SetBytes);
    private readonly byte[] _largeSet = Messages.SetOfBody(Messages.BodyBytes);
    private RequestScanner _scanner;

    [Benchmark(OperationsPerInvoke = Burst, Description = "SET of 100 B, 16 in a burst")]
    [BytesPerOperation(SetBytes)]
    public int Sets() => Scan(_sets);

    [Benchmark(OperationsPerInvoke = Burst, Description = "GET and SET in turn, 16 in a burst")]
    public int GetsAndSets() => Scan(_getsAndSets);

    [Benchmark(Description = "SET of 64 KiB, received in 16 KiB pieces")]
    [BytesPerOperation(Messages.BodyBytes)]
    public int LargeSet()
    {
        int requests = 0;
        for (int at = 0; at < _largeSet.Length; at += Messages.ReceiveBytes)
        {
            requests += Scan(_largeSet.AsSpan(at, Math.Min(Messages.ReceiveBytes, _largeSet.Length - at)));
        }

        return requests;
    }

    [Benchmark(OperationsPerInvoke = Burst, Description = "SET of 100 B, byte by byte")]
    [BytesPerOperation(SetBytes)]
    public int Resumed()
    {
        int requests = 0;
        for (int at = 0; at < _sets.Length; at++)
        {
            requests += Scan(_sets.AsSpan(at, 1));
        }

        return requests;
    }

    private int Scan(ReadOnlySpan<byte> input)
    {
        int requests = 0;
        while (_scanner.Scan(input, out int consumed) == ScanStatus.Complete)
        {
            input = input[consumed..];
            requests++;
        }

        return requests;
    }
}
