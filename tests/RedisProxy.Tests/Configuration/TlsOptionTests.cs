using System.Security.Cryptography;

using RedisProxy.Configuration;
using RedisProxy.Testing;

namespace RedisProxy.Tests.Configuration;

public sealed class TlsOptionTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly IssuedCertificate _own;
    private readonly IssuedCertificate _other;
    private readonly string _encryptedKey;

    public TlsOptionTests()
    {
        _own = _authority.Issue("own", "own.test");
        _other = _authority.Issue("other", "other.test");
        using ECDsa key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(_own.KeyFile));
        _encryptedKey = _own.KeyFile + ".encrypted";
        var parameters = new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1000);
        File.WriteAllText(_encryptedKey, key.ExportEncryptedPkcs8PrivateKeyPem("s3cret", parameters));
    }

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void Section_OnEverySide_IsRead()
    {
        string ca = _authority.File;
        ProxyOptions options = Configured.Good(Configured.Read(
            $"{{ 'listeners': [ {{ 'bind': 'h:1', 'master': 'm', 'tls': {{ 'certificateFile': '{_own.CertificateFile}', "
                + $"'keyFile': '{_own.KeyFile}', 'caFile': '{ca}', 'requireClientCertificate': true, 'handshakeTimeout': '3s', "
                + "'maxConcurrentHandshakes': 7 } } ], "
                + $"'sentinel': {{ 'endpoints': [ 's:1' ], 'tls': {{ 'caFile': '{ca}' }} }}, "
                + $"'backend': {{ 'tls': {{ 'serverName': 'redis.test', 'certificateFile': '{_own.CertificateFile}', "
                + $"'keyFile': '{_own.KeyFile}' }} }} }}"));

        ListenerTlsOptions listener = options.Listeners[0].Tls!;
        Assert.Equal(_own.Thumbprint, listener.Material.Certificate!.Thumbprint);
        Assert.True(listener.Material.Certificate.HasPrivateKey);
        Assert.Single(listener.Material.Authorities!);
        Assert.True(listener.RequireClientCertificate);
        Assert.Equal((TimeSpan.FromSeconds(3), 7), (listener.HandshakeTimeout, listener.MaxConcurrentHandshakes));
        Assert.Equal((null, true), (options.Sentinel!.Tls!.ServerName, options.Sentinel.Tls.VerifyName));
        Assert.Null(options.Sentinel.Tls.Material.Certificate);
        Assert.Equal("redis.test", options.Backend.Tls!.ServerName);
        Assert.Equal(_own.Thumbprint, options.Backend.Tls.Material.Certificate!.Thumbprint);
        Assert.Null(options.Backend.Tls.Material.Authorities);
    }

    [Fact]
    public void Section_MissingOrTurnedOff_IsPlainTextAndLooksAtNoFile()
    {
        ProxyOptions missing = Configured.Good(Configured.ReadWith("'backend': { 'tls': null }"));
        Assert.Null(missing.Backend.Tls);
        ProxyOptions off = Configured.Good(Configured.ReadWith("'backend': { 'tls': { 'enabled': false, 'caFile': 'none' } }"));
        Assert.Null(off.Backend.Tls);
        Assert.Null(off.Listeners[0].Tls);
    }

    [Fact]
    public void Section_Empty_TrustsTheSystemAndTheConfiguredName()
    {
        ProxyOptions options = Configured.Good(Configured.Read(
            "{ 'listeners': [ { 'bind': 'h:1', 'name': 'x' } ], 'backend': { 'endpoint': 'redis.test:6379', 'tls': {} } }"));
        Assert.Equal((null, true), (options.Backend.Tls!.ServerName, options.Backend.Tls.VerifyName));
        Assert.Null(options.Backend.Tls.Material.Authorities);
    }

    [Fact]
    public void KeyFile_Missing_IsSoughtInTheCertificateFile()
    {
        string both = _own.CertificateFile + ".both";
        File.WriteAllText(both, File.ReadAllText(_own.CertificateFile) + "\n" + File.ReadAllText(_own.KeyFile));
        ListenerTlsOptions tls = Configured.Good(Listener($"'certificateFile': '{both}'")).Listeners[0].Tls!;
        Assert.Equal(_own.Thumbprint, tls.Material.Certificate!.Thumbprint);
        AssertListener(
            $"'certificateFile': '{_own.CertificateFile}'",
            $"certificateFile: \"{_own.CertificateFile}\" contains no private key; expected its private key as PEM");
    }

    [Fact]
    public void Files_ThatCannotBeUsed_AreReportedAllAtOnce()
    {
        string none = Path.Combine(Path.GetTempPath(), "no-such-file.pem");
        string text = _own.CertificateFile + ".text";
        File.WriteAllText(text, "hello");
        AssertListener(
            $"'certificateFile': '{none}', 'keyFile': '{none}', 'caFile': '{text}', 'requireClientCertificate': true",
            $"certificateFile: \"{none}\" does not exist; expected a PEM file",
            $"caFile: \"{text}\" contains no certificate; expected PEM");
        AssertListener(
            $"'certificateFile': '{_own.CertificateFile}', 'keyFile': '{_other.KeyFile}'",
            $"keyFile: \"{_other.KeyFile}\" is damaged, or not the key of the certificate in \"{_own.CertificateFile}\"; "
                + "expected its private key as PEM");
        AssertListener(
            $"'certificateFile': '{_own.CertificateFile}', 'keyFile': '{_encryptedKey}'",
            $"keyFile: \"{_encryptedKey}\" is a key with a passphrase, which is not supported; expected its private key as PEM");
        AssertListener(
            $"'certificateFile': '{_own.CertificateFile}', 'keyFile': '{text}'",
            $"keyFile: \"{text}\" contains no private key; expected its private key as PEM");
        string damaged = _own.CertificateFile + ".damaged";
        File.WriteAllText(damaged, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        AssertListener(
            $"'certificateFile': '{damaged}', 'keyFile': '{_own.KeyFile}'",
            $"certificateFile: \"{damaged}\" contains a damaged certificate; expected PEM");
    }

    [Fact]
    public void Keys_ThatDoNotFitTogether_AreReported()
    {
        string own = $"'certificateFile': '{_own.CertificateFile}', 'keyFile': '{_own.KeyFile}'";
        AssertListener("", "certificateFile: missing; expected the PEM file of the certificate presented to clients");
        AssertListener(
            $"{own}, 'requireClientCertificate': true",
            "caFile: missing; expected the PEM file of the authorities that issue clients' certificates");
        AssertListener(
            $"{own}, 'caFile': '{_authority.File}'",
            "caFile: would not be used; expected requireClientCertificate: true, or no such key");
        AssertListener($"{own}, 'handshakeTimeout': '0s'", "handshakeTimeout: \"0s\" is out of range; expected 100ms to 1m");
        Configured.AssertErrors(
            Configured.ReadWith("'backend': { 'tls': {} }"),
            "backend.tls.serverName: missing; expected the name in the servers' certificates (Sentinel's names for them prove nothing), "
                + "or verifyName: false");
        Configured.AssertErrors(
            Configured.ReadWith($"'backend': {{ 'tls': {{ 'verifyName': false, 'keyFile': '{_own.KeyFile}' }} }}"),
            "backend.tls.keyFile: is given without certificateFile; expected both, or neither");
        Configured.AssertErrors(
            Configured.ReadWith("'backend': { 'tls': { 'serverName': 'a b', 'verifyNam': false } }"),
            "backend.tls.serverName: \"a b\" is not a host name; expected one",
            "backend.tls.verifyNam: unknown key; did you mean \"verifyName\"?");
        Configured.AssertErrors(
            Configured.ReadWith("'backend': { 'tls': true }"), "backend.tls: \"true\" is not an object; expected an object");
    }

    private static OptionsReading Listener(string keys) => Configured.Read(
        $"{{ 'listeners': [ {{ 'bind': '127.0.0.1:6380', 'master': 'mymaster', 'tls': {{ {keys} }} }} ], {Configured.Sentinel} }}");

    private static void AssertListener(string keys, params string[] expected) =>
        Configured.AssertErrors(Listener(keys), [.. expected.Select(line => $"listeners[0].tls.{line}")]);
}
