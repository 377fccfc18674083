using System.Net;

using RedisProxy.EventLoops;
using RedisProxy.Tests.EventLoops;

namespace RedisProxy.Tests.Sessions;

/// <summary>The real kernel, but sending to the first backend breaks between two calls; what is received can still be read.</summary>
internal sealed unsafe class BreakingKernel : Kernel
{
    private const int ConnectionReset = 104;

    private readonly Kernel _kernel = TestTransport.Current.CreateKernel();
    private int _breaking = -1;
    private long _sent;
    private volatile bool _hasBroken;

    /// <summary>A send has failed.</summary>
    public bool HasBroken => _hasBroken;

    /// <summary>By the number of bytes that the connection has taken.</summary>
    public Func<long, bool> BreaksWhen { get; init; } = static _ => false;

    /// <summary>Given the name of a call that watches or duplicates; may throw, as no kernel does, in place of a fault of ours.</summary>
    public Action<string> Before { get; set; } = static _ => { };

    /// <summary>The connection takes no more in one call.</summary>
    public int MostBytes { get; init; } = int.MaxValue;

    public long Sent => Interlocked.Read(ref _sent);

    public override int Wait(int timeoutMs) => _kernel.Wait(timeoutMs);

    public override SocketReadiness ReadinessAt(int index) => _kernel.ReadinessAt(index);

    public override ulong DataAt(int index) => _kernel.DataAt(index);

    public override void Wake() => _kernel.Wake();

    public override void ClearWake() => _kernel.ClearWake();

    public override bool TryWatch(int fd, ulong data)
    {
        Before(nameof(TryWatch));
        return _kernel.TryWatch(fd, data);
    }

    public override void Unwatch(int fd) => _kernel.Unwatch(fd);

    public override int Duplicate(int fd)
    {
        Before(nameof(Duplicate));
        return _kernel.Duplicate(fd);
    }

    public override int Connect(IPEndPoint endpoint, TcpSettings settings)
    {
        int fd = _kernel.Connect(endpoint, settings);
        _breaking = _breaking < 0 ? fd : _breaking;
        return fd;
    }

    public override int Accept(int fd) => _kernel.Accept(fd);

    public override int Receive(int fd, byte* buffer, int length) => _kernel.Receive(fd, buffer, length);

    public override int Peek(int fd, byte* buffer, int length) => _kernel.Peek(fd, buffer, length);

    public override int Send(int fd, byte* buffer, int length)
    {
        if (fd != _breaking)
        {
            return _kernel.Send(fd, buffer, length);
        }

        if (BreaksWhen(_sent))
        {
            _hasBroken = true;
            return -ConnectionReset;
        }

        int sent = _kernel.Send(fd, buffer, Math.Min(length, MostBytes));
        Interlocked.Add(ref _sent, Math.Max(0, sent));
        return sent;
    }

    public override int TakeError(int fd) => _kernel.TakeError(fd);

    public override IPEndPoint? PeerAddress(int fd) => _kernel.PeerAddress(fd);

    public override IPEndPoint? LocalAddress(int fd) => _kernel.LocalAddress(fd);

    public override void ShutdownWrite(int fd) => _kernel.ShutdownWrite(fd);

    public override void Close(int fd)
    {
        _breaking = fd == _breaking ? int.MaxValue : _breaking;
        _kernel.Close(fd);
    }

    public override void Abort(int fd)
    {
        _breaking = fd == _breaking ? int.MaxValue : _breaking;
        _kernel.Abort(fd);
    }

    public override void Dispose() => _kernel.Dispose();
}
