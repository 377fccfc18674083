using System.Diagnostics.CodeAnalysis;

namespace RedisProxy.Configuration;

/// <summary>Reads the section <c>otlp</c>.</summary>
internal static class OtlpSection
{
    /// <param name="otlp">The section.</param>
    /// <param name="readSecret">Reads a key that is given as it is or by the name of its file.</param>
    /// <param name="errors">Gets what is wrong with the headers.</param>
    public static OtlpOptions Read(OptionSection otlp, Func<OptionSection, string, string?> readSecret, OptionErrors errors)
    {
        var defaults = new OtlpOptions();
        var options = new OtlpOptions
        {
            Endpoint = otlp.Optional<Uri>("endpoint", ParseEndpoint),
            Protocol = otlp.Value("protocol", defaults.Protocol, ValueParsers.Choice(
                ("http/protobuf", OtlpProtocol.HttpProtobuf), ("grpc", OtlpProtocol.Grpc))),
            Interval = otlp.Value(
                "interval", defaults.Interval, ValueParsers.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromHours(1))),
            Timeout = otlp.Value(
                "timeout", defaults.Timeout, ValueParsers.Duration(TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1))),
            Headers = readSecret(otlp, "headers"),
        };
        if (options.Headers is { } headers && OtlpHeaders.Parse(headers, out _) is { } complaint)
        {
            errors.Add(otlp.PathOf(otlp.Has("headers") ? "headers" : "headersFile"), complaint);
        }

        return options;
    }

    // Credentials belong to the headers: a URL is in logs.
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
            return $"has {part} in it; expected a URL without (headers or headersFile are for secrets)";
        }

        value = url;
        return null;
    }
}
