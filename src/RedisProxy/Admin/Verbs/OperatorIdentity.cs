using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace RedisProxy.Admin;

/// <summary>
/// The peer of an admin connection, for the log: an address, or the user and the process behind a unix socket.
/// </summary>
internal static class OperatorIdentity
{
    private const int SolSocket = 1;
    private const int PeerCredentials = 17; // SO_PEERCRED

    /// <summary>It came over a unix socket.</summary>
    public static bool IsLocal(HttpContext http) => SocketOf(http) is { AddressFamily: AddressFamily.Unix };

    public static string Of(HttpContext http) => IsLocal(http)
        ? OfUnixPeer(SocketOf(http)!)
        : http.Connection.RemoteIpAddress is { } address
            ? new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, http.Connection.RemotePort).ToString()
            : "unknown";

    // struct ucred { pid_t pid; uid_t uid; gid_t gid; }, from the time of the connect (unix(7)).
    private static string OfUnixPeer(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12];
        try
        {
            return socket.GetRawSocketOption(SolSocket, PeerCredentials, credentials) == credentials.Length
                ? $"uid {MemoryMarshal.Read<uint>(credentials[4..])} (pid {MemoryMarshal.Read<int>(credentials)})"
                : "a local user";
        }
        catch (SocketException)
        {
            return "a local user";
        }
        catch (ObjectDisposedException)
        {
            return "a local user";
        }
    }

    private static Socket? SocketOf(HttpContext http) => http.Features.Get<IConnectionSocketFeature>()?.Socket;
}
