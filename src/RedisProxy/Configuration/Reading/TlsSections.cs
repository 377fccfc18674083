namespace RedisProxy.Configuration;

/// <summary>
/// Reads the <c>tls</c> sections. One that is there turns TLS on, unless it says <c>enabled: false</c>; then its files are not looked at.
/// </summary>
/// <param name="errors">Gets what is wrong with the keys, and with the files that they name.</param>
/// <param name="directory">Where relative paths begin.</param>
internal sealed class TlsSections(OptionErrors errors, string directory)
{
    private const string Key = "tls";

    /// <returns>Null: no TLS, or none that can be used, and it was reported.</returns>
    public ListenerTlsOptions? ReadListener(OptionSection listener) => Read(listener, tls =>
    {
        bool requiresCertificate = tls.Value("requireClientCertificate", false, ValueParsers.Boolean);
        TlsMaterial? material = ReadFiles(tls);
        if (!tls.Has("certificateFile"))
        {
            errors.Add(tls.PathOf("certificateFile"), "missing; expected the PEM file of the certificate that clients are shown");
        }

        if (requiresCertificate && !tls.Has("caFile"))
        {
            errors.Add(tls.PathOf("caFile"), "missing; expected the PEM file of the authorities whose clients are served");
        }
        else if (!requiresCertificate && tls.Has("caFile"))
        {
            errors.Add(tls.PathOf("caFile"), "would not be used; expected requireClientCertificate: true, or no such key");
        }

        var defaults = new ListenerTlsOptions { Material = null! };
        TimeSpan timeout = tls.Value("handshakeTimeout", defaults.HandshakeTimeout, ValueParsers.Duration(
            TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1)));
        int max = tls.Value("maxConcurrentHandshakes", defaults.MaxConcurrentHandshakes, ValueParsers.WholeNumber(1, 10_000));
        return material is null
            ? null
            : new ListenerTlsOptions
            {
                Material = material,
                RequireClientCertificate = requiresCertificate,
                HandshakeTimeout = timeout,
                MaxConcurrentHandshakes = max,
            };
    });

    /// <param name="parent"><c>backend</c> or <c>sentinel</c>.</param>
    /// <param name="hasName">It has the name of a host in it, which certificates can be compared with.</param>
    /// <returns>As <see cref="ReadListener"/>.</returns>
    public PeerTlsOptions? ReadPeer(OptionSection parent, bool hasName) => Read(parent, tls =>
    {
        TlsMaterial? material = ReadFiles(tls);
        string? name = tls.Optional("serverName", ValueParsers.HostName);
        bool verifiesName = tls.Value("verifyName", true, ValueParsers.Boolean);
        if (!hasName && verifiesName && !tls.Has("serverName"))
        {
            errors.Add(
                tls.PathOf("serverName"),
                "missing; expected the name in the servers' certificates (what Sentinel calls them proves nothing), or verifyName: false");
        }

        return material is null ? null : new PeerTlsOptions { Material = material, ServerName = name, VerifyName = verifiesName };
    });

    private static T? Read<T>(OptionSection parent, Func<OptionSection, T?> read)
        where T : class => parent.Section(Key, tls =>
        {
            bool isGiven = tls.IsGiven || (parent.Has(Key) && parent.IsEmpty(Key));
            bool isEnabled = tls.Value("enabled", isGiven, ValueParsers.Boolean);
            if (isGiven && !isEnabled)
            {
                tls.IgnoreRest();
            }

            return isEnabled && isGiven ? read(tls) : null;
        });

    private TlsMaterial? ReadFiles(OptionSection tls)
    {
        string? certificate = ReadPath(tls, "certificateFile");
        string? key = ReadPath(tls, "keyFile") ?? certificate;
        string? authorities = ReadPath(tls, "caFile");
        if (certificate is null && key is not null)
        {
            errors.Add(tls.PathOf("keyFile"), "is given without certificateFile; expected both, or neither");
            return null;
        }

        return TlsMaterialReader.Read(
            new CertificateFiles(certificate, key, authorities),
            (option, complaint) => errors.Add(tls.PathOf(tls.Has(option) ? option : "certificateFile"), complaint));
    }

    private string? ReadPath(OptionSection tls, string key)
    {
        string? path = tls.Optional(key, ValueParsers.Text);
        try
        {
            return path is null ? null : Path.GetFullPath(path, directory);
        }
        catch (ArgumentException)
        {
            errors.Add(tls.PathOf(key), $"{QuotedValue.Of(path!)} is not a path; expected the path of a PEM file");
            return null;
        }
    }
}
