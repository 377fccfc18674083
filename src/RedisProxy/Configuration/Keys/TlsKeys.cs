using static RedisProxy.Configuration.ValueParsers;

namespace RedisProxy.Configuration;

/// <summary>
/// The keys of the <c>tls</c> sections. The presence of the section turns TLS on, unless it has <c>enabled: false</c>; then its files are
/// not read.
/// </summary>
internal static class TlsKeys
{
    private const string Key = "tls";

    /// <summary>Of the admin surface and the facade, whose connections are few.</summary>
    public static KeyTable<ListenerTlsOptions> Server { get; } = ServerKeys();

    public static KeyTable<ListenerTlsOptions> Listener { get; } = ServerKeys()
        .Value(
            "maxConcurrentHandshakes",
            WholeNumber(1, 10_000),
            o => o.MaxConcurrentHandshakes,
            (o, v) => o with { MaxConcurrentHandshakes = v });

    public static KeyTable<PeerTlsOptions> Peer { get; } = new KeyTable<PeerTlsOptions>(new() { Material = null! })
        .Files(o => o.Material, (o, v) => o with { Material = v })
        .Value("serverName", HostName, o => o.ServerName, (o, v) => o with { ServerName = v })
        .Value("verifyName", TrueOrFalse, o => o.VerifyName, (o, v) => o with { VerifyName = v });

    /// <summary><c>listeners[].tls</c>, <c>admin.tls</c> and <c>sentinelFacade.tls</c>.</summary>
    /// <param name="table">The enclosing section.</param>
    /// <param name="keys">Of the section itself.</param>
    /// <param name="get">Gets the TLS options.</param>
    /// <param name="with">Sets the TLS options.</param>
    public static KeyTable<T> ServerTls<T>(
        this KeyTable<T> table,
        KeyTable<ListenerTlsOptions> keys,
        Func<T, ListenerTlsOptions?> get,
        Func<T, ListenerTlsOptions?, T> with)
        where T : class => table

        // Null: no TLS, or unusable TLS, which has been reported.
        .Step((parent, o) => with(o, ReadIfEnabled(parent, tls => keys.Read(tls) is { Material: not null } read ? read : null)))
        .Declare(new OptionKey<T>(Key, (old, now) => (Show(get(old)), Show(get(now))), (old, now) => with(now, get(old)))
        {
            Shape = new KeyShape(KeyForm.Section),
        })
        .NeedsRestart();

    /// <summary><c>backend.tls</c> and <c>sentinel.tls</c>.</summary>
    /// <param name="table">The enclosing section.</param>
    /// <param name="hasName">Whether the section contains a host name that certificates can be verified against.</param>
    /// <param name="get">Gets the TLS options.</param>
    /// <param name="with">Sets the TLS options.</param>
    public static KeyTable<T> PeerTls<T>(
        this KeyTable<T> table, Predicate<OptionSection> hasName, Func<T, PeerTlsOptions?> get, Func<T, PeerTlsOptions?, T> with)
        where T : class => table
        .Step((parent, o) => with(o, ReadIfEnabled(parent, tls =>
        {
            PeerTlsOptions read = Peer.Read(tls);
            if (!hasName(parent) && read.VerifyName && !tls.Has("serverName"))
            {
                tls.Refuse(
                    "serverName",
                    "missing; expected the name in the servers' certificates (Sentinel's names for them prove nothing), "
                        + "or verifyName: false");
            }

            return read.Material is null ? null : read;
        })))
        .Declare(new OptionKey<T>(Key, (old, now) => (Show(get(old)), Show(get(now))), (old, now) => with(now, get(old)))
        {
            Shape = new KeyShape(KeyForm.Section),
        })
        .NeedsRestart();

    private static T? ReadIfEnabled<T>(OptionSection parent, Func<OptionSection, T?> read)
        where T : class => parent.OptionalSection(Key, tls =>
        {
            if (!tls.TryRead("enabled", TrueOrFalse, out bool isEnabled) || isEnabled)
            {
                return read(tls);
            }

            tls.IgnoreRest();
            return null;
        });

    private static KeyTable<ListenerTlsOptions> ServerKeys() => new KeyTable<ListenerTlsOptions>(new() { Material = null! })
        .Value("requireClientCertificate", TrueOrFalse, o => o.RequireClientCertificate, (o, v) => o with { RequireClientCertificate = v })
        .Files(o => o.Material, (o, v) => o with { Material = v })
        .Check(CheckListener)
        .Value("handshakeTimeout", Duration("100ms", "1m"), o => o.HandshakeTimeout, (o, v) => o with { HandshakeTimeout = v });

    private static void CheckListener(OptionSection tls, ListenerTlsOptions options)
    {
        if (!tls.Has("certificateFile"))
        {
            tls.Refuse("certificateFile", "missing; expected the PEM file of the certificate presented to clients");
        }

        if (options.RequireClientCertificate && !tls.Has("caFile"))
        {
            tls.Refuse("caFile", "missing; expected the PEM file of the authorities that issue clients' certificates");
        }
        else if (!options.RequireClientCertificate && tls.Has("caFile"))
        {
            tls.Refuse("caFile", "would not be used; expected requireClientCertificate: true, or no such key");
        }
    }

    private static KeyTable<T> Files<T>(this KeyTable<T> table, Func<T, TlsMaterial> get, Func<T, TlsMaterial, T> with)
        where T : class => table
        .Step((tls, options) => ReadFiles(tls) is { } material ? with(options, material) : options)
        .Declare(FileKey("certificateFile", get, with, files => files.Certificate))
        .Declare(FileKey("keyFile", get, with, files => files.Key))
        .Declare(FileKey("caFile", get, with, files => files.Authorities));

    private static OptionKey<T> FileKey<T>(
        string name, Func<T, TlsMaterial> get, Func<T, TlsMaterial, T> with, Func<CertificateFiles, string?> file)
        where T : class => new(name, (old, now) => (file(get(old).Files), file(get(now).Files)), (old, now) => with(now, get(old)))
        {
            Shape = KeyShape.Of(KeyForm.Value, Text),
        };

    private static TlsMaterial? ReadFiles(OptionSection tls)
    {
        string? certificate = ReadPath(tls, "certificateFile");
        string? key = ReadPath(tls, "keyFile") ?? certificate;
        string? authorities = ReadPath(tls, "caFile");
        if (certificate is null && key is not null)
        {
            tls.Refuse("keyFile", "is given without certificateFile; expected both, or neither");
            return null;
        }

        return TlsMaterialReader.Read(
            new CertificateFiles(certificate, key, authorities),
            (option, complaint) => tls.Refuse(tls.Has(option) ? option : "certificateFile", complaint));
    }

    private static string? ReadPath(OptionSection tls, string key)
    {
        if (!tls.TryRead(key, Text, out string? path))
        {
            return null;
        }

        try
        {
            return Path.GetFullPath(path!, tls.Directory);
        }
        catch (ArgumentException)
        {
            tls.Refuse(key, $"{QuotedValue.Of(path!)} is not a path; expected the path of a PEM file");
            return null;
        }
    }

    // The paths, not the contents: changed files are reloaded on their own.
    private static string? Show(PeerTlsOptions? tls) =>
        tls is null ? null : $"{tls.Material.Files}, server name {tls.ServerName ?? "none"}, verified {tls.VerifyName}";

    private static string? Show(ListenerTlsOptions? tls) => tls is null
        ? null
        : $"{tls.Material.Files}, {tls.RequireClientCertificate}, {tls.HandshakeTimeout}, {tls.MaxConcurrentHandshakes}";
}
