using System.Text;

namespace RedisProxy.Sessions;

/// <summary>A request that changed the connection's state, and the user who was permitted to send it: a later user may not be.</summary>
/// <param name="By">Null: the connection was not authenticated.</param>
/// <param name="Words">The whole request.</param>
internal sealed record Said(ClientCredentials? By, IReadOnlyList<byte[]> Words)
{
    /// <summary>CLIENT with a subcommand.</summary>
    public static Said Client(ClientCredentials? by, string subcommand, params byte[][] more) =>
        new(by, ["CLIENT"u8.ToArray(), Encoding.ASCII.GetBytes(subcommand), .. more]);
}
