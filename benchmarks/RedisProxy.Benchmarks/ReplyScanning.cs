using BenchmarkDotNet.Attributes;
using RedisProxy.Resp;

namespace RedisProxy.Benchmarks;

/// <summary>Replies, as the reply pump meets them.</summary>
[MemoryDiagnoser]
public class ReplyScanning
{
    private const int Burst = 16;
    private const int Elements = 1000;
    private const int SmallBytes = 10;
    private const int BulkBytes = 100;

    private readonly byte[] _oks = Messages.Oks(Burst);
    private readonly byte[] _bulks = Messages.Bulks(Burst, BulkBytes);
    private readonly byte[] _array = Messages.Array(Elements, SmallBytes);
    private readonly byte[] _largeBulk = Messages.Bulks(1, Messages.BodyBytes);
    private ReplyScanner _scanner;

    [Benchmark(OperationsPerInvoke = Burst, Description = "+OK, 16 in a burst")]
    public int Oks() => Scan(_oks);

    [Benchmark(OperationsPerInvoke = Burst, Description = "bulk of 100 B, 16 in a burst")]
    [BytesPerOperation(BulkBytes)]
    public int Bulks() => Scan(_bulks);

    [Benchmark(OperationsPerInvoke = Elements, Description = "element of an array of 1000 bulks of 10 B")]
    [BytesPerOperation(SmallBytes)]
    public int Array() => Scan(_array);

    [Benchmark(Description = "bulk of 64 KiB, received in 16 KiB pieces")]
    [BytesPerOperation(Messages.BodyBytes)]
    public int LargeBulk()
    {
        int replies = 0;
        for (int at = 0; at < _largeBulk.Length; at += Messages.ReceiveBytes)
        {
            replies += Scan(_largeBulk.AsSpan(at, Math.Min(Messages.ReceiveBytes, _largeBulk.Length - at)));
        }

        return replies;
    }

    private int Scan(ReadOnlySpan<byte> input)
    {
        int replies = 0;
        while (_scanner.Scan(input, out int consumed) == ScanStatus.Complete)
        {
            input = input[consumed..];
            replies++;
        }

        return replies;
    }
}
