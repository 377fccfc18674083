using System.Diagnostics.CodeAnalysis;

using static RedisProxy.Configuration.ValueParsers;

namespace RedisProxy.Configuration;

/// <summary>The keys of <c>sentinelFacade</c>.</summary>
internal static class SentinelFacadeKeys
{
    private static readonly ValueRule<HostEndpoint> BindOrNone = new(ParseBind)
    {
        Kind = ValueKind.String,
        Pattern = $"{AnyEndpoint}|^$",
    };

    public static KeyTable<SentinelFacadeOptions> Table { get; } = new KeyTable<SentinelFacadeOptions>(new())
        .Value("bind", BindOrNone, o => o.Bind, (o, v) => o with { Bind = v }).NeedsRestart()
        .Map("advertise", Name, Destination, o => o.Advertise, (o, v) => o with { Advertise = v })
        .Credentials(o => o.Username, (o, v) => o with { Username = v }, o => o.Password, (o, v) => o with { Password = v })
        .ServerTls(TlsKeys.Server, o => o.Tls, (o, v) => o with { Tls = v })
        .Value("maxConnections", WholeNumber(1, 100_000), o => o.MaxConnections, (o, v) => o with { MaxConnections = v }).NeedsRestart();

    private static string? ParseBind(string text, [MaybeNull] out HostEndpoint value)
    {
        value = null;
        return text.Length == 0 || HostEndpoint.TryParse(text, out value)
            ? null
            : $"{QuotedValue.Of(text)} {AddressProblem.Describe(text, "is not an address to listen on")}; "
                + $"expected \"host:port\", \"[IPv6]:port\" or \"\" for none{AddressProblem.Suggest(text)}";
    }
}
