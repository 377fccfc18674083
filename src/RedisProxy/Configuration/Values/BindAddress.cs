using System.Diagnostics.CodeAnalysis;

namespace RedisProxy.Configuration;

/// <summary>
/// The address a listener accepts on: <c>host:port</c>, <c>[::]:port</c>, or <c>unix:/path</c>. Exactly one of the two properties is set.
/// </summary>
internal sealed record BindAddress
{
    public const string UnixPrefix = "unix:";

    /// <summary>
    /// The longest path that fits into a <c>sockaddr_un</c> (unix(7): 108 bytes with the final zero), and one byte more for the name under
    /// which a process that takes the path over makes its socket.
    /// </summary>
    public const int MaxUnixPathBytes = 106;

    private BindAddress(HostEndpoint? tcp, string? unixPath)
    {
        Tcp = tcp;
        UnixPath = unixPath;
    }

    public HostEndpoint? Tcp { get; }

    public string? UnixPath { get; }

    public static BindAddress OfTcp(HostEndpoint endpoint) => new(endpoint, null);

    public static bool TryParse(string? text, [NotNullWhen(true)] out BindAddress? bind)
    {
        bind = null;
        if (text is not null && text.StartsWith(UnixPrefix, StringComparison.Ordinal))
        {
            string path = text[UnixPrefix.Length..];
            if (!path.StartsWith('/') || System.Text.Encoding.UTF8.GetByteCount(path) > MaxUnixPathBytes)
            {
                return false;
            }

            bind = new BindAddress(null, path);
            return true;
        }

        if (!HostEndpoint.TryParse(text, out HostEndpoint? endpoint))
        {
            return false;
        }

        bind = new BindAddress(endpoint, null);
        return true;
    }

    public override string ToString() => Tcp?.ToString() ?? UnixPrefix + UnixPath;
}
