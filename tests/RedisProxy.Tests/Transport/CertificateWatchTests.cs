using RedisProxy.Configuration;
using RedisProxy.Testing;
using RedisProxy.Tests.Topology;
using RedisProxy.Transport;

namespace RedisProxy.Tests.Transport;

public sealed class CertificateWatchTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly IssuedCertificate _first;
    private readonly RecordingLog _log = new();
    private readonly List<string> _renewed = [];
    private readonly CertificateWatch _watch;

    public CertificateWatchTests()
    {
        _first = _authority.Issue("own", "own.test");
        var files = new CertificateFiles(_first.CertificateFile, _first.KeyFile, _authority.File);
        TlsMaterial material = TlsMaterialReader.Read(files, (_, complaint) => Assert.Fail(complaint))!;
        _watch = new CertificateWatch("backend.tls", material, renewed => _renewed.Add(renewed.Certificate!.Thumbprint));
    }

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void Files_ThatDidNotChange_AreLeftAlone()
    {
        // Written again with the same content, as a directory of secrets is that is replaced as a whole.
        File.WriteAllBytes(_first.KeyFile, File.ReadAllBytes(_first.KeyFile));
        _watch.Look(_log);
        Assert.Empty(_renewed);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void Files_ThatChanged_AreTakenOnce()
    {
        IssuedCertificate second = _authority.Issue("own", "own.test");
        _watch.Look(_log);
        _watch.Look(_log);
        Assert.Equal([second.Thumbprint], _renewed);
        Assert.Single(_log.Lines, line => line.Text.Contains("backend.tls: the files have changed; new connections use them"));
    }

    [Fact]
    public void Files_BetweenTwoStates_AreWaitedForInSilence()
    {
        string oldKey = File.ReadAllText(_first.KeyFile);
        IssuedCertificate second = _authority.Issue("own", "own.test");
        string newKey = File.ReadAllText(second.KeyFile);
        File.WriteAllText(_first.KeyFile, oldKey);
        _watch.Look(_log);
        File.WriteAllText(_first.KeyFile, newKey);
        _watch.Look(_log);
        Assert.Equal([second.Thumbprint], _renewed);
        Assert.DoesNotContain(_log.Lines, line => line.Text.Contains("cannot be used"));
    }

    [Fact]
    public void Files_ThatStayOfNoUse_AreReportedOnceAndTheOldOnesKept()
    {
        File.WriteAllText(_first.CertificateFile, "broken");
        for (int i = 0; i < 4; i++)
        {
            _watch.Look(_log);
        }

        Assert.Empty(_renewed);
        Assert.Single(_log.Lines, line => line.Text.Contains("contains no certificate"));
        File.Delete(_first.CertificateFile);
        _watch.Look(_log);
        _watch.Look(_log);
        Assert.Equal(2, _log.Lines.Count(line => line.Text.Contains("those read before stay in use")));
        Assert.Empty(_renewed);
    }
}
