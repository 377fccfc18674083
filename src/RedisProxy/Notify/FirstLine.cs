using System.Text;

namespace RedisProxy.Notify;

/// <summary>
/// Reads the output of a process, so that it never blocks on a full pipe, and keeps the beginning of its first line. Discards the
/// rest.
/// </summary>
internal sealed class FirstLine
{
    private const int MaxBytes = 200;

    private readonly byte[] _kept = new byte[MaxBytes];
    private int _count;
    private bool _isWhole;

    /// <param name="stream">Read to its end.</param>
    /// <param name="stop">Ends the reading.</param>
    public FirstLine(Stream stream, CancellationToken stop) => Reading = ReadAsync(stream, stop);

    /// <summary>Does not fail.</summary>
    public Task Reading { get; }

    /// <summary>Once read; without control characters, which must not reach a terminal through the log.</summary>
    public string Text => string.Concat(Encoding.UTF8.GetString(_kept, 0, _count).Select(c => char.IsControl(c) ? ' ' : c)).Trim();

    private async Task ReadAsync(Stream stream, CancellationToken stop)
    {
        var buffer = new byte[4096];
        try
        {
            while (await stream.ReadAsync(buffer, stop) is > 0 and var read)
            {
                Keep(buffer.AsSpan(0, read));
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The part read so far is enough.
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_isWhole)
        {
            return;
        }

        int end = bytes.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? bytes : bytes[..end];
        int room = Math.Min(line.Length, MaxBytes - _count);
        line[..room].CopyTo(_kept.AsSpan(_count));
        _count += room;
        _isWhole = end >= 0 || _count == MaxBytes;
    }
}
