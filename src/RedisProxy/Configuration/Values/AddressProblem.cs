using System.Globalization;

namespace RedisProxy.Configuration;

/// <summary>What is wrong with a text that should be an address: the usual mistakes have a message of their own.</summary>
internal static class AddressProblem
{
    private const string UrlMark = "://";

    /// <param name="text">Not an address.</param>
    /// <param name="otherwise">If it is none of the usual mistakes.</param>
    /// <returns>The part of the message between the value and what is expected.</returns>
    public static string Describe(string text, string otherwise)
    {
        string port = text[(text.LastIndexOf(':') + 1)..];
        bool isNumber = port.Length > 0 && port.All(char.IsAsciiDigit);
        return text switch
        {
            "" => otherwise,
            _ when text.Contains(UrlMark, StringComparison.Ordinal) => "is a URL",
            _ when isNumber && !HostEndpoint.TryParsePort(port, out _) => "has no valid port (1 to 65535)",
            _ when isNumber && port.Length == text.Length => "is only a port",
            _ when Uri.CheckHostName(text) is UriHostNameType.Dns or UriHostNameType.IPv4 || port.Length == 0 => "has no port",
            _ => otherwise,
        };
    }

    /// <summary>Examples for a listener that was given a port without an address; empty when there is no port either.</summary>
    public static string Suggest(string text)
    {
        string port = text.TrimStart('*', ':');
        return HostEndpoint.TryParsePort(port, out int number) && text.Length - port.Length <= 2
            ? string.Create(
                CultureInfo.InvariantCulture,
                $", such as \"127.0.0.1:{number}\" for this machine only or \"0.0.0.0:{number}\" for all addresses")
            : "";
    }
}
