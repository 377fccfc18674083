using System.Globalization;
using System.Security.Cryptography;
using System.Text;

using RedisProxy.Configuration;
using RedisProxy.Sessions;

namespace RedisProxy.DataPlane;

/// <summary>
/// Where two processes meet to pass sessions of a listener on, and what they must agree about. The name stands for the listener's
/// address as it is configured; another user's processes have other names.
/// </summary>
internal static class PassageTerms
{
    private static readonly byte[] Head = [.. "RedisProxy sessions "u8, CarriedSession.Version];

    /// <param name="user">Of the process.</param>
    /// <param name="bind">Of the listener.</param>
    public static string NameOf(uint user, BindAddress bind)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{bind}"));
        return string.Create(CultureInfo.InvariantCulture, $"redisproxy/sessions/{user}/{Convert.ToHexStringLower(hash.AsSpan(0, 16))}");
    }

    /// <summary>The first message of the process that wants the sessions.</summary>
    public static byte[] Write(string terms) => [.. Head, .. Encoding.UTF8.GetBytes(terms)];

    /// <summary>What makes a session that was served on one listener impossible on another. No secrets.</summary>
    public static string Of(ProxyOptions options, ListenerOptions listener) => string.Join(
        '\n',
        $"master {listener.Master} {options.Backend.Endpoint} {listener.Role}",
        $"durable {listener.Durable.Replicas > 0}, shared {listener.Multiplex.Links > 0}",
        $"users {listener.Users.Count > 0}, as {listener.BackendUser?.Username}",
        $"tls {listener.Tls is not null} {options.Backend.Tls is not null}, header {options.Backend.ProxyProtocol}");

    /// <summary>Why a process that says this gets no sessions; null: it does.</summary>
    /// <param name="message">The first one.</param>
    /// <param name="terms">Of this process.</param>
    public static string? ObjectionTo(ReadOnlySpan<byte> message, string terms) =>
        !message.StartsWith(Head) ? "it is of another version"
        : !message[Head.Length..].SequenceEqual(Encoding.UTF8.GetBytes(terms)) ? "its listener is configured otherwise"
        : null;
}
