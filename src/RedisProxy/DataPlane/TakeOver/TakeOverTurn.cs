using System.Collections.Concurrent;
using System.ComponentModel;
using System.Runtime.Versioning;

using Microsoft.Win32.SafeHandles;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;

namespace RedisProxy.DataPlane;

/// <summary>
/// One process at a time takes over from another. Two that were started together would steer new connections away from each other, and one
/// of them would be left without sessions. So each address has a turn: a process has it from before it binds the address until the
/// sessions are on their way to it, or there are none, and the next process may take over from this one. It is an abstract unix socket, so
/// it belongs to the network namespace, as the address does, and cannot outlive its process.
/// </summary>
internal sealed class TakeOverTurn : IDisposable
{
    // Longer than a process seeks the one before it when that has just ended.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<BindAddress, SafeFileHandle> _held = new();

    private TakeOverTurn()
    {
    }

    /// <summary>Waits a moment for a process that is about to be up.</summary>
    /// <param name="addresses">Of the listeners.</param>
    /// <param name="time">Clock of the wait.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="Win32Exception">Another process has the turn still; nothing is held.</exception>
    public static async Task<TakeOverTurn> AwaitAsync(IEnumerable<BindAddress> addresses, TimeProvider time, CancellationToken cancel)
    {
        var turn = new TakeOverTurn();
        if (!OperatingSystem.IsLinux())
        {
            return turn;
        }

        try
        {
            long began = time.GetTimestamp();
            foreach (BindAddress address in addresses.Distinct())
            {
                SafeFileHandle? socket;
                while ((socket = TryBind(address, isLast: time.GetElapsedTime(began) >= Patience)) is null)
                {
                    await Task.Delay(LookInterval, time, cancel);
                }

                turn._held[address] = socket;
            }

            return turn;
        }
        catch
        {
            turn.Dispose();
            throw;
        }
    }

    /// <summary>At this address the next process may begin.</summary>
    public void End(BindAddress address)
    {
        if (_held.TryRemove(address, out SafeFileHandle? socket))
        {
            socket.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (BindAddress address in _held.Keys)
        {
            End(address);
        }
    }

    [SupportedOSPlatform("linux")]
    private static SafeFileHandle? TryBind(BindAddress address, bool isLast)
    {
        string name = $"{PassageTerms.NameOf(PassageSocket.OwnUser, address)}/next";
        int fd = PassageSocket.Listen(name);
        if (fd >= 0)
        {
            return new SafeFileHandle(fd, ownsHandle: true);
        }

        if (fd != -Errno.AddressInUse)
        {
            throw new Win32Exception(-fd);
        }

        if (!isLast)
        {
            return null;
        }

        string who = PassageSocket.ListenerAt(name) is var process and > 0 ? $"process {process}" : "another process";
        throw new Win32Exception(
            Errno.AddressInUse,
            $"{who} is taking over {address} already; start this one when that one serves, or when it has been stopped");
    }
}
