using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// Counts the replies to a <see cref="StateReplay"/>, in any chunking, and keeps unrequested messages. It scans no further than the
/// last reply: what follows is kept unscanned, so that further reading starts between two messages.
/// </summary>
internal sealed class ReplayReplies
{
    /// <summary>Messages beyond this size are dropped, each as a whole.</summary>
    private const int MaxKeptBytes = 1024 * 1024;

    // Enough to identify an error's code and a message's kind.
    private const int HeadBytes = 64;

    // Messages to be kept, followed from _begin on by the current one, scanned up to _scanned.
    private byte[] _bytes = [];
    private int _count;
    private int _begin;
    private int _scanned;

    // Only the beginning of the current one is kept.
    private bool _isHeadOnly;
    private ReplyScanner _scanner;
    private int _protocol;
    private Func<int, bool> _mustSucceed = static _ => true;
    private int _taken;

    /// <summary>Replies still to come.</summary>
    public int Owed { get; private set; }

    /// <summary>The last reply was an error.</summary>
    public bool IsLastAnError { get; private set; }

    /// <inheritdoc cref="StateReplayer.Said"/>
    public ReadOnlyMemory<byte> Said => _count == 0 ? default : _bytes.AsMemory(0, _count);

    /// <inheritdoc cref="StateReplayer.HasLeftOut"/>
    public bool HasLeftOut { get; private set; }

    /// <summary>More requests were sent, after all earlier ones were answered.</summary>
    /// <param name="replies">Number of replies to them.</param>
    /// <param name="protocol">Spoken by the time of the first unrequested message.</param>
    /// <param name="mustSucceed">By number of the reply: is an error a failure?</param>
    public ReplayResult Expect(int replies, int protocol, Func<int, bool> mustSucceed)
    {
        Owed = replies;
        _taken = 0;
        _protocol = protocol;
        _mustSucceed = mustSucceed;
        return Read();
    }

    public ReplayResult Take(ReadOnlySpan<byte> input)
    {
        if (_count + input.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_count + input.Length, 2 * _bytes.Length));
        }

        input.CopyTo(_bytes.AsSpan(_count));
        _count += input.Length;
        return Read();
    }

    private ReplayResult Read()
    {
        ReplayResult result = ReplayResult.Done;
        while (Owed > 0 && _scanned < _count && result == ReplayResult.Done)
        {
            ScanStatus status = _scanner.Scan(_bytes.AsSpan(_scanned, _count - _scanned), out int consumed);
            _scanned += consumed;
            if (status == ScanStatus.Error)
            {
                return ReplayResult.Failed;
            }

            if (_isHeadOnly)
            {
                Remove(_begin + HeadBytes);
            }

            if (status == ScanStatus.Complete)
            {
                result = EndMessage();
            }
            else if (_scanned > MaxKeptBytes && _scanned - _begin > HeadBytes)
            {
                _isHeadOnly = true;
                Remove(_begin + HeadBytes);
            }
        }

        return result;
    }

    private ReplayResult EndMessage()
    {
        ReadOnlySpan<byte> head = _bytes.AsSpan(_begin, Math.Min(HeadBytes, _scanned - _begin));
        bool isReply = !IsUnasked(head);
        ReplayResult result = isReply ? Judge(head) : ReplayResult.Done;
        bool isLeftOut = !isReply && (_isHeadOnly || _scanned > MaxKeptBytes);
        HasLeftOut |= isLeftOut;
        if (isReply || isLeftOut)
        {
            Remove(_begin);
        }

        _begin = _scanned;
        _isHeadOnly = false;
        return result;
    }

    // Before the protocol is restored, nothing is subscribed to and no key is tracked.
    private bool IsUnasked(ReadOnlySpan<byte> head) => _scanner.IsPush
        ? !Subscriptions.IsConfirmation(head)
        : _protocol == Identity.DefaultProtocol && Subscriptions.IsMessage(head);

    private ReplayResult Judge(ReadOnlySpan<byte> head)
    {
        Owed--;
        IsLastAnError = _scanner.IsError;
        bool mustSucceed = _mustSucceed(_taken++);
        bool isTransient = ProxyReplies.Rejection(head) != Outcome.Forward || head.StartsWith("-ERR max number of clients"u8);
        return !_scanner.IsError || !(mustSucceed || isTransient) ? ReplayResult.Done
            : isTransient ? ReplayResult.Failed
            : ReplayResult.Refused;
    }

    /// <summary>Discards the scanned bytes from this position on.</summary>
    private void Remove(int from)
    {
        _bytes.AsSpan(_scanned, _count - _scanned).CopyTo(_bytes.AsSpan(from));
        _count -= _scanned - from;
        _scanned = from;
    }
}
