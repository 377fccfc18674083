using System.Text;

namespace RedisProxy.Sessions;

/// <summary>
/// One request that took long, for operators. It holds no values, and no arguments but the first one of a command that works on keys:
/// for most, its key.
/// </summary>
/// <param name="AtMs">When it was answered, on the loop's clock.</param>
/// <param name="Us">Microseconds from its dispatch until its reply was read.</param>
/// <param name="Session">Its session.</param>
/// <param name="Client">The client's address; <c>unix</c> on a unix socket.</param>
/// <param name="Name">Set with CLIENT SETNAME; empty without.</param>
/// <param name="Database">Of its connection.</param>
/// <param name="Command">In capitals; empty if the request was too large to be kept.</param>
/// <param name="Key">Its first argument, truncated; null if it has none, or none that may be shown.</param>
/// <param name="Bytes">Size of the request.</param>
/// <param name="Replies">Replies that were read together with its own, including that: the time may be due to any of their requests.
/// </param>
internal sealed record SlowRequest(
    long AtMs,
    long Us,
    long Session,
    string Client,
    string Name,
    int Database,
    string Command,
    string? Key,
    long Bytes,
    int Replies)
{
    private const int MaxTextBytes = 128;

    /// <summary>For people: what is not text is replaced, and what is too long is cut.</summary>
    public static string TextOf(byte[] bytes) =>
        Encoding.UTF8.GetString(bytes.AsSpan(0, Math.Min(bytes.Length, MaxTextBytes))) + (bytes.Length > MaxTextBytes ? "…" : "");
}
