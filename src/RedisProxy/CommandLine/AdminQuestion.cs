using System.Security.Cryptography.X509Certificates;

namespace RedisProxy.CommandLine;

/// <summary>A request to a running proxy.</summary>
/// <param name="Path">With the query, without a leading slash.</param>
/// <param name="IsJson">Otherwise text for people.</param>
internal sealed record AdminQuestion(string Path, bool IsJson)
{
    /// <summary>It changes something: a POST.</summary>
    public bool IsVerb { get; init; }

    /// <summary>The token is sent along, if there is one.</summary>
    public bool ShowsToken { get; init; }

    /// <summary>It is asked again and again.</summary>
    public bool IsWatched { get; init; }

    /// <summary>For the answer; null: as long as it may reasonably take.</summary>
    public TimeSpan? MaxTime { get; init; }

    /// <summary>The file with the token; null: in the configuration.</summary>
    public string? TokenFile { get; init; }

    /// <summary>Null: unknown.</summary>
    public string? Token { get; init; }

    /// <summary>Also answered at <c>admin.metricsBind</c>.</summary>
    public bool IsHealth => Path.StartsWith("healthz/", StringComparison.Ordinal);

    /// <summary>The proxy answers over TLS.</summary>
    public bool IsSecure { get; init; }

    /// <summary>The certificate that the proxy has by its configuration, which is then all that is trusted; null: unknown.</summary>
    public X509Certificate2? Certificate { get; init; }
}
