using System.Diagnostics.CodeAnalysis;

using static RedisProxy.Configuration.ValueParsers;

namespace RedisProxy.Configuration;

/// <summary>The keys of <c>otlp</c>.</summary>
internal static class OtlpKeys
{
    private static readonly ValueRule<OtlpProtocol> Protocol =
        Choice(("http/protobuf", OtlpProtocol.HttpProtobuf), ("grpc", OtlpProtocol.Grpc));

    private static readonly ValueRule<Uri> Collector = new(ParseEndpoint)
    {
        Kind = ValueKind.String,
        Pattern = "^[Hh][Tt][Tt][Pp][Ss]?://|^$",
    };

    public static KeyTable<OtlpOptions> Table { get; } = new KeyTable<OtlpOptions>(new())
        .Value("endpoint", Collector, o => o.Endpoint, (o, v) => o with { Endpoint = v }).NeedsRestart()
        .Value("protocol", Protocol, o => o.Protocol, (o, v) => o with { Protocol = v })
        .Shown(o => Protocol.Write(o.Protocol)).NeedsRestart()
        .Value("interval", Duration("1s", "1h"), o => o.Interval, (o, v) => o with { Interval = v }).NeedsRestart()
        .Value("timeout", Duration("100ms", "1m"), o => o.Timeout, (o, v) => o with { Timeout = v }).NeedsRestart()
        .Secret("headers", o => o.Headers, (o, v) => o with { Headers = v }).NeedsRestart()
        .Check((section, o) =>
        {
            if (o.Headers is { } headers && OtlpHeaders.Parse(headers, out _) is { } complaint)
            {
                section.Refuse(section.Has("headers") ? "headers" : "headersFile", complaint);
            }
        });

    // Credentials belong in the headers: the URL is logged.
    private static string? ParseEndpoint(string text, [MaybeNull] out Uri value)
    {
        value = null;
        if (text.Length == 0)
        {
            return null;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https"))
        {
            return $"{QuotedValue.Of(text)} is not the URL of a collector; expected something like \"http://collector:4318\", "
                + "or \"\" for none";
        }

        if (url.UserInfo.Length > 0 || url.Query.Length > 0 || url.Fragment.Length > 0)
        {
            string part = url.UserInfo.Length > 0 ? "credentials" : url.Query.Length > 0 ? "a query" : "a fragment";
            return $"contains {part}; expected a plain URL (headers or headersFile are for secrets)";
        }

        value = url;
        return null;
    }
}
