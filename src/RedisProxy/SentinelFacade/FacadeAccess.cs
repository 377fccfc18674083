using System.Security.Cryptography;
using System.Text;

using RedisProxy.Configuration;

namespace RedisProxy.SentinelFacade;

/// <summary>
/// Authenticates clients. Without a password there is redis's default user, who needs none: AUTH as <c>default</c> succeeds, whatever the
/// password, and no other user exists.
/// </summary>
internal sealed class FacadeAccess(RunningOptions running)
{
    private SentinelFacadeOptions Options => running.Current.SentinelFacade;

    public bool AsksClients => Options.Password is not null;

    /// <summary>How long a client may take to authenticate. 0: no limit.</summary>
    public TimeSpan Timeout => running.Current.Client.AuthenticationTimeout;

    /// <summary>Takes as long for a wrong name or password as for a right one.</summary>
    public bool Accepts(byte[] name, byte[] password)
    {
        SentinelFacadeOptions options = Options;
        return IsSame(name, options.Password is null ? UserOptions.DefaultName : options.Username)
            & (options.Password is null || IsSame(password, options.Password));
    }

    // Digests have the same length, whatever is compared.
    private static bool IsSame(byte[] given, string own) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(given), SHA256.HashData(Encoding.UTF8.GetBytes(own)));
}
