using System.Globalization;
using System.Net.Sockets;

using RedisProxy.Hosting;
using RedisProxy.Testing;

namespace RedisProxy.Tests.Hosting;

public sealed class SystemdNotifierTests
{
    private const string QueueLength = "/proc/sys/net/unix/max_dgram_qlen";

    /// <summary>A supervisor that has been stopped, or is busy, must not keep this process from ending.</summary>
    [Fact]
    public async Task Notifications_ThatNobodyReads_AreGivenUp()
    {
        using var folder = new TemporaryFolder("systemd");
        string path = folder.File("notify");
        using var supervisor = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        supervisor.Bind(new UnixDomainSocketEndPoint(path));
        using var notifier = new SystemdNotifier(path, watchdogMicroseconds: null, watchdogPid: null, TimeProvider.System);
        int tooMany = int.Parse(await File.ReadAllTextAsync(QueueLength), CultureInfo.InvariantCulture) + 2;
        Task sending = Task.Run(() =>
        {
            for (int i = 0; i < tooMany; i++)
            {
                notifier.FeedWatchdog("serving");
            }
        });

        // What waits for ever ends with its socket, so that nothing is left behind when this fails.
        Task first = await Task.WhenAny(sending, Task.Delay(TimeSpan.FromSeconds(20), TimeProvider.System));
        supervisor.Dispose();
        Assert.Same(sending, first);
    }
}
