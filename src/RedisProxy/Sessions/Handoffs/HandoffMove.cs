using System.Net;
using System.Net.Sockets;
using System.Text;

using RedisProxy.Configuration;

namespace RedisProxy.Sessions;

/// <summary>Clients are to connect elsewhere, because this listener is being drained.</summary>
/// <param name="HoldEnd">Number of the end of a hold that the client was told of, which is told first.</param>
/// <param name="Number">Of the event.</param>
/// <param name="Address">Where; null: where they are connected now, because another process has begun to listen there.</param>
internal sealed record HandoffMove(long HoldEnd, long Number, HostEndpoint? Address)
{
    /// <summary>
    /// The move of a listener's clients; null: there is nowhere to move to, or clients are not told of such things. Those of a load
    /// balancer are not connected to the listener's address but to the balancer's, which has to be configured.
    /// </summary>
    /// <param name="listener">Being drained.</param>
    /// <param name="isSucceeded">Another process listens at its address.</param>
    /// <param name="numbers">Of events.</param>
    public static HandoffMove? Of(ListenerOptions listener, bool isSucceeded, HandoffNumbers numbers) =>
        listener.Handoffs && (listener.HandoffAddress is not null || (isSucceeded && listener.ProxyProtocol.Count == 0))
            ? new HandoffMove(numbers.Next(), numbers.Next(), listener.HandoffAddress)
            : null;

    /// <summary>The push for one client; null: there is no address that it could use.</summary>
    /// <param name="wish">The client's.</param>
    /// <param name="local">The address it is connected to; null on a unix socket.</param>
    /// <param name="windowMs">How long its connection stays.</param>
    public MovePush? PushFor(HandoffWish wish, IPEndPoint? local, long windowMs)
    {
        long seconds = Math.Max(1, (windowMs + 999) / 1000);
        string? where = wish == HandoffWish.Nothing ? "_\r\n"
            : AddressFor(wish, local) is { } text ? $"${text.Length}\r\n{text}\r\n"
            : null;
        return where is null
            ? null
            : new MovePush(HoldEnd, Encoding.ASCII.GetBytes($">4\r\n$6\r\nMOVING\r\n:{Number}\r\n:{seconds}\r\n{where}"));
    }

    // Clients cut the text at its colon, so IPv6 addresses cannot be told. An address would not do where a name is checked.
    private string? AddressFor(HandoffWish wish, IPEndPoint? local)
    {
        if (Address is not null)
        {
            return Address.ToString();
        }

        IPAddress? address = local?.Address is { IsIPv4MappedToIPv6: true } mapped ? mapped.MapToIPv4() : local?.Address;
        return wish == HandoffWish.Address && address is { AddressFamily: AddressFamily.InterNetwork } ? $"{address}:{local!.Port}" : null;
    }
}
