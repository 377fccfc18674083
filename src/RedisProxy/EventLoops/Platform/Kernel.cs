using System.Net;

namespace RedisProxy.EventLoops;

/// <summary>
/// Everything that one loop needs from the operating system: readiness of sockets, and the calls on them. The seam for another
/// operating system or a simulated network. All calls except <see cref="Wake"/> come from the loop's own thread, and none
/// but <see cref="Wait"/> blocks. Calls that return a number return a negative error number on failure.
/// <para>On the hot path this costs one virtual call beside a system call, and no allocation.</para>
/// </summary>
internal abstract unsafe class Kernel : IDisposable
{
    /// <summary>Not now; wait and try again.</summary>
    public const int WouldBlock = -Errno.Again;

    /// <summary><see cref="DataAt"/> of the event that <see cref="Wake"/> raises. No descriptor is watched with it.</summary>
    public const ulong WakeData = ulong.MaxValue;

    /// <summary>Called on the loop's own thread when it starts.</summary>
    public virtual void OnThreadStarted()
    {
    }

    /// <summary>Waits until a descriptor is ready, <see cref="Wake"/> is called, or the time has passed.</summary>
    /// <param name="timeoutMs">0: do not wait; -1: without limit.</param>
    /// <returns>The number of events; 0 on timeout, and possibly earlier.</returns>
    public abstract int Wait(int timeoutMs);

    /// <summary>What the event reports. A broken connection is readable and writable: trying either tells how it broke.</summary>
    public abstract SocketReadiness ReadinessAt(int index);

    /// <summary>The data passed to <see cref="TryWatch"/>.</summary>
    public abstract ulong DataAt(int index);

    /// <summary>Ends the current or the next wait with an event of <see cref="WakeData"/>. Any thread.</summary>
    public abstract void Wake();

    /// <summary>Consumes the event of <see cref="Wake"/>.</summary>
    public abstract void ClearWake();

    /// <summary>
    /// Reports every change of the descriptor's readiness as an event with this data (edge-triggered), starting with the current state.
    /// Ends when the descriptor is closed.
    /// </summary>
    /// <returns>False: see <see cref="Errno.Last"/>.</returns>
    public abstract bool TryWatch(int fd, ulong data);

    /// <summary>Ends the events of a descriptor whose connection stays open under another one.</summary>
    public virtual void Unwatch(int fd)
    {
    }

    /// <summary>Another descriptor of the same connection, which nobody watches.</summary>
    /// <returns>The descriptor.</returns>
    public virtual int Duplicate(int fd) => -Errno.OperationNotSupported;

    /// <summary>Starts connecting a new descriptor. It is writable once connected or failed; see <see cref="TakeError"/>.</summary>
    /// <returns>The descriptor.</returns>
    public abstract int Connect(IPEndPoint endpoint, TcpSettings settings);

    /// <returns>The descriptor of the next connection.</returns>
    public abstract int Accept(int fd);

    /// <returns>Bytes received, 0 when the peer has shut down.</returns>
    public abstract int Receive(int fd, byte* buffer, int length);

    /// <summary>As <see cref="Receive"/>, but leaves the bytes in the kernel.</summary>
    public abstract int Peek(int fd, byte* buffer, int length);

    /// <returns>Bytes sent, possibly fewer than asked.</returns>
    public abstract int Send(int fd, byte* buffer, int length);

    /// <summary>The pending error of a socket, 0 for none, as a positive error number.</summary>
    public abstract int TakeError(int fd);

    /// <summary>Time since the last bytes for the descriptor reached this machine, read or not; 0 if unknown.</summary>
    public virtual int MsSinceReceived(int fd) => 0;

    /// <summary>Null on a unix socket.</summary>
    public abstract IPEndPoint? PeerAddress(int fd);

    /// <summary>Null on a unix socket.</summary>
    public abstract IPEndPoint? LocalAddress(int fd);

    /// <summary>Sends FIN after pending output; receiving continues.</summary>
    public abstract void ShutdownWrite(int fd);

    /// <summary>FIN after pending output; RST instead if received bytes were left unread.</summary>
    public abstract void Close(int fd);

    /// <summary>Immediate RST; unsent output is discarded.</summary>
    public abstract void Abort(int fd);

    public abstract void Dispose();
}
