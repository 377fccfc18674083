using System.Text;

namespace RedisProxy.Sessions;

/// <summary>A request that changed what a connection is, and the user who had the right to: a later one may not have it.</summary>
/// <param name="By">Null: nobody had authenticated.</param>
/// <param name="Words">All of the request.</param>
internal sealed record Said(ClientCredentials? By, IReadOnlyList<byte[]> Words)
{
    /// <summary>CLIENT with a subcommand.</summary>
    public static Said Client(ClientCredentials? by, string subcommand, params byte[][] more) =>
        new(by, ["CLIENT"u8.ToArray(), Encoding.ASCII.GetBytes(subcommand), .. more]);
}
