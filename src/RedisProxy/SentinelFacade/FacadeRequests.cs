using RedisProxy.Resp;

namespace RedisProxy.SentinelFacade;

/// <summary>The limits of one request.</summary>
/// <param name="MaxBytes">Framing included.</param>
/// <param name="MaxArguments">The name included.</param>
/// <param name="Prefix">The first word of the error about a larger one.</param>
internal sealed record RequestLimits(int MaxBytes, int MaxArguments, string Prefix)
{
    /// <summary>Redis allows half a gigabyte. No question to a Sentinel is longer than a few names.</summary>
    public static RequestLimits OfClients { get; } = new(64 * 1024, 1024, "invalid");

    /// <summary>networking.c, 7.0: ten arguments, 16 KiB each; here 16 KiB together.</summary>
    public static RequestLimits OfStrangers { get; } = new(16 * 1024, 10, "unauthenticated");
}

/// <summary>
/// Splits the received bytes into requests, arrays and inline ones. Keeps an incomplete one, within the limits: a larger one is refused
/// as soon as its length is known, not when its bytes have arrived.
/// </summary>
internal sealed class FacadeRequests
{
    private const int FirstBytes = 1024;

    // A complete request, and the first piece of the next one.
    private const int MaxBufferBytes = (64 + 2) * 1024;

    private byte[] _buffer = new byte[FirstBytes];
    private int _start;
    private int _scanned;
    private int _end;
    private RequestScanner _scanner;

    /// <summary>Where to receive to; never empty, if <see cref="TryTake"/> was called until it returned false.</summary>
    public Memory<byte> Room()
    {
        if (_start == _end)
        {
            _start = _scanned = _end = 0;
            if (_buffer.Length > FirstBytes)
            {
                _buffer = new byte[FirstBytes];
            }
        }

        if (_end == _buffer.Length)
        {
            byte[] target = _start > 0 ? _buffer : new byte[Math.Min(2 * _buffer.Length, MaxBufferBytes)];
            Buffer.BlockCopy(_buffer, _start, target, 0, _end - _start);
            (_buffer, _scanned, _end, _start) = (target, _scanned - _start, _end - _start, 0);
        }

        return _buffer.AsMemory(_end);
    }

    public void Received(int count) => _end += count;

    /// <summary>False: there is no complete request, or none can follow any more.</summary>
    /// <param name="arguments">At least one.</param>
    /// <param name="complaint">
    /// Not null: a protocol error, and the connection must be closed; with this error, or silently when it is empty.
    /// </param>
    public bool TryTake(RequestLimits limits, out List<byte[]> arguments, out string? complaint)
    {
        arguments = [];
        complaint = null;
        while (_scanned < _end)
        {
            ScanStatus status = _scanner.Scan(_buffer.AsSpan(_scanned, _end - _scanned), out int consumed);
            _scanned += consumed;
            if (status == ScanStatus.Error)
            {
                complaint = ProtocolErrors.Describe(_scanner.Error, _scanner.Got) ?? "";
                return false;
            }

            complaint = Exceeds(limits);
            if (complaint is not null || status == ScanStatus.NeedMore)
            {
                return false;
            }

            ReadOnlySpan<byte> frame = _buffer.AsSpan(_start, _scanned - _start);
            _start = _scanned;
            complaint = Read(frame, limits, out arguments);
            if (complaint is not null || arguments.Count > 0)
            {
                return complaint is null;
            }
        }

        return false;
    }

    private string? Exceeds(RequestLimits limits) =>
        _scanner.FrameBytes > limits.MaxBytes ? $"ERR Protocol error: {limits.Prefix} multibulk length"
        : _scanner.FrameBytes + _scanner.OwedBytes > limits.MaxBytes ? $"ERR Protocol error: {limits.Prefix} bulk length"
        : null;

    private string? Read(ReadOnlySpan<byte> frame, RequestLimits limits, out List<byte[]> arguments)
    {
        arguments = [];
        if (_scanner.IsNoOp)
        {
            return null;
        }

        if (!_scanner.IsInline)
        {
            arguments = RequestArguments.Read(frame);
        }
        else if (!InlineRequest.TrySplit(frame, out arguments))
        {
            return ProtocolErrors.Describe(ProtocolError.UnbalancedQuotes, 0);
        }

        return arguments.Count > limits.MaxArguments ? $"ERR Protocol error: {limits.Prefix} multibulk length"
            : arguments.Count > 0 && IsBrowser(arguments[0]) ? ""
            : null;
    }

    // A browser that was tricked into sending a request to this port (networking.c, securityWarningCommand).
    private static bool IsBrowser(byte[] name) => RequestArguments.Upper(name) is "POST" or "HOST:";
}
