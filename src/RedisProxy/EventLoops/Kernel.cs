using System.Net;

namespace RedisProxy.EventLoops;

/// <summary>
/// All that one loop asks of the operating system: readiness of descriptors, and the calls on them. The narrow place where another
/// operating system, or a simulated network, can stand. The loop's own thread makes every call but <see cref="Wake"/>, and none of them
/// blocks but <see cref="Wait"/>. Calls that return a number return a negative error number on failure.
/// <para>One call a burst goes through here, so it costs a virtual call beside a system call, and no allocation.</para>
/// </summary>
internal abstract unsafe class Kernel : IDisposable
{
    /// <summary><see cref="DataAt"/> of the event that <see cref="Wake"/> causes. No descriptor is watched with it.</summary>
    public const ulong WakeData = ulong.MaxValue;

    /// <summary>The loop's own thread begins.</summary>
    public virtual void OnThreadStarted()
    {
    }

    /// <summary>Waits until something is ready, or woken, or the time has passed.</summary>
    /// <param name="timeoutMs">0: do not wait; -1: without limit.</param>
    /// <returns>The number of events; 0 on timeout, and whenever it likes.</returns>
    public abstract int Wait(int timeoutMs);

    /// <summary>What the event says. A connection that is broken is readable and writable: to try either says how it broke.</summary>
    public abstract SocketReadiness ReadinessAt(int index);

    /// <summary>What the descriptor is watched with.</summary>
    public abstract ulong DataAt(int index);

    /// <summary>The present or the next wait ends with an event of <see cref="WakeData"/>. Any thread.</summary>
    public abstract void Wake();

    /// <summary>The event of <see cref="Wake"/> was seen.</summary>
    public abstract void ClearWake();

    /// <summary>
    /// From now on every change of the descriptor's readiness is an event with this data (edge-triggered); as it is now is the first.
    /// Ends when the descriptor is closed.
    /// </summary>
    /// <returns>False: see <see cref="Errno.Last"/>.</returns>
    public abstract bool TryWatch(int fd, ulong data);

    /// <summary>Begins to connect a new descriptor, which is writable once that is over, or failed; see <see cref="TakeError"/>.</summary>
    /// <returns>The descriptor.</returns>
    public abstract int Connect(IPEndPoint endpoint, TcpSettings settings);

    /// <returns>The descriptor of the next connection.</returns>
    public abstract int Accept(int fd);

    /// <returns>Bytes received, 0 when the peer has shut down.</returns>
    public abstract int Receive(int fd, byte* buffer, int length);

    /// <summary>As <see cref="Receive"/>, but what was received stays there.</summary>
    public abstract int Peek(int fd, byte* buffer, int length);

    /// <returns>Bytes sent, perhaps not all.</returns>
    public abstract int Send(int fd, byte* buffer, int length);

    /// <summary>The pending error of a socket, 0 for none, as a positive error number.</summary>
    public abstract int TakeError(int fd);

    /// <summary>How long ago the last bytes for the descriptor reached this machine, read or not; 0 when that is not known.</summary>
    public virtual int MsSinceReceived(int fd) => 0;

    /// <summary>Null on a unix socket.</summary>
    public abstract IPEndPoint? PeerAddress(int fd);

    /// <summary>Null on a unix socket.</summary>
    public abstract IPEndPoint? LocalAddress(int fd);

    /// <summary>Sends FIN after what was sent; receiving goes on.</summary>
    public abstract void ShutdownWrite(int fd);

    /// <summary>FIN after what was sent; RST instead when received bytes were left unread.</summary>
    public abstract void Close(int fd);

    /// <summary>RST, now; what was not sent yet is thrown away.</summary>
    public abstract void Abort(int fd);

    public abstract void Dispose();
}
