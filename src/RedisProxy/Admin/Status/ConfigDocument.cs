using System.Text.Json.Serialization;

using RedisProxy.Configuration;
using RedisProxy.Transport;

namespace RedisProxy.Admin;

/// <summary>The document of <c>/config</c>: what this proxy runs with. No secrets.</summary>
/// <param name="Values">As <c>RedisProxy config</c> prints them.</param>
/// <param name="Certificates">Those in use, its own and those presented to servers.</param>
internal sealed record ConfigDocument(IReadOnlyList<EffectiveValue> Values, IReadOnlyList<CertificateStatus> Certificates)
{
    public static ConfigDocument Of(ProxyOptions options, ConfigSource source, TlsSetup tls) => new(
        EffectiveValues.Of(options, source.Read()), [.. tls.Certificates.Select(CertificateStatus.Of)]);
}

/// <param name="Key">The section that it belongs to.</param>
/// <param name="Subject">Whom it names.</param>
/// <param name="Issuer">Who has issued it.</param>
/// <param name="NotAfter">When it expires.</param>
internal sealed record CertificateStatus(string Key, string Subject, string Issuer, DateTimeOffset NotAfter)
{
    public static CertificateStatus Of(CertificateInUse one) =>
        new(one.Section, one.Certificate.Subject, one.Certificate.Issuer, one.Certificate.NotAfter.ToUniversalTime());
}

/// <summary>The sources that the configuration is read from.</summary>
internal sealed record ConfigSource(Func<OptionSources> Read);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ConfigDocument))]
internal sealed partial class ConfigDocumentJson : JsonSerializerContext;
