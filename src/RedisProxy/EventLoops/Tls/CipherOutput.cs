using System.Buffers;
using System.Diagnostics;

namespace RedisProxy.EventLoops;

/// <summary>
/// Ciphertext on its way to the kernel, which at times has no room for all of it. Encrypted bytes cannot be taken back, so they are kept
/// in order; the owner encrypts nothing more while any are left.
/// </summary>
internal sealed unsafe class CipherOutput(EventLoop loop, int fd)
{
    /// <summary>Bounds what a peer can pile up by requesting new keys again and again without reading.</summary>
    private const int MaxUnsentBytes = 128 * 1024;

    private ArrayBufferWriter<byte>? _unsent;
    private int _unsentFrom;

    public bool HasUnsent => _unsent is not null && Error == 0;

    /// <summary>Negative, once the connection is broken; else 0.</summary>
    public int Error { get; private set; }

    /// <summary>The first error wins.</summary>
    public void Fail(int error) => Error = Error != 0 ? Error : error;

    public void Send(ReadOnlySpan<byte> bytes)
    {
        Debug.Assert(loop.IsCurrent, "the library has left the loop");
        int sent = HasUnsent ? 0 : Math.Max(0, SendNow(bytes));
        if (sent == bytes.Length || Error != 0)
        {
            return;
        }

        // Most connections never get here.
        _unsent ??= new ArrayBufferWriter<byte>();
        _unsent.Write(bytes[sent..]);
        if (_unsent.WrittenCount - _unsentFrom > MaxUnsentBytes)
        {
            Fail(-Errno.NoBuffers);
        }
    }

    /// <summary>Sends as much as there is room for. False: some of it is left, or the connection is broken.</summary>
    public bool TryFlush()
    {
        while (HasUnsent)
        {
            int sent = SendNow(_unsent!.WrittenSpan[_unsentFrom..]);
            if (sent < 0)
            {
                return false;
            }

            _unsentFrom += sent;
            if (_unsentFrom == _unsent.WrittenCount)
            {
                _unsent = null;
                _unsentFrom = 0;
            }
        }

        return Error == 0;
    }

    private int SendNow(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            int sent = loop.Kernel.Send(fd, start, bytes.Length);
            if (sent < 0 && sent != Kernel.WouldBlock)
            {
                Fail(sent);
            }

            return sent;
        }
    }
}
