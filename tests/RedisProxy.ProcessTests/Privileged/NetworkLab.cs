using System.Globalization;
using System.Security.Cryptography;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Privileged;

/// <summary>
/// A network of its own: one namespace for each host and one for the switch between them, which has the rules of nftables. Names and
/// addresses are unique, so labs beside each other do not meet. The test itself is one more host, with an address at the switch. Needs
/// root.
/// <para>
/// What is cut off is cut in silence, as by a broken cable or a firewall: no FIN, no RST, no ICMP.
/// </para>
/// </summary>
internal sealed class NetworkLab : IAsyncDisposable
{
    private const string Bridge = "lab";
    private const int TestHost = 254;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new("network");
    private readonly List<string> _namespaces = [];
    private readonly string _name = "rp" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3));
    private readonly string _network = string.Create(
        CultureInfo.InvariantCulture, $"10.{RandomNumberGenerator.GetInt32(64, 250)}.{RandomNumberGenerator.GetInt32(1, 250)}");

    /// <summary>In the order of their names.</summary>
    public IReadOnlyList<ProcessHost> Hosts { get; private set; } = [];

    /// <summary>The test's own address.</summary>
    public string TestAddress => $"{_network}.{TestHost}";

    private string Switch => $"{_name}-switch";

    public static async Task<NetworkLab> CreateAsync(int hosts)
    {
        var lab = new NetworkLab();
        try
        {
            await lab.BuildAsync(hosts);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>From now on no packet passes between any of these and any of those.</summary>
    public Task CutAsync(IEnumerable<string> these, IEnumerable<string> those)
    {
        string a = string.Join(", ", these);
        string b = string.Join(", ", those);
        return RulesAsync($$"""
            table bridge lab {
              chain cut {
                type filter hook forward priority -10; policy accept;
                ip saddr { {{a}} } ip daddr { {{b}} } drop
                ip saddr { {{b}} } ip daddr { {{a}} } drop
              }
            }
            """);
    }

    /// <summary>Takes all cuts back.</summary>
    public Task HealAsync() => RulesAsync("flush chain bridge lab cut");

    /// <summary>
    /// From now on the switch is a firewall that forgets flows of TCP in which nothing was said for <paramref name="idle"/>, and drops
    /// what belongs to none that it knows.
    /// </summary>
    public Task ForgetIdleFlowsAsync(TimeSpan idle)
    {
        const string There = "ip saddr . tcp sport . ip daddr . tcp dport";
        const string Back = "ip daddr . tcp dport . ip saddr . tcp sport";
        return RulesAsync($$"""
            table bridge lab {
              set flows {
                type ipv4_addr . inet_service . ipv4_addr . inet_service
                flags timeout, dynamic
                timeout {{idle.TotalSeconds:0}}s
                size 65535
              }
              chain firewall {
                type filter hook forward priority 0; policy accept;
                ip protocol tcp tcp flags & (syn|ack) == syn update @flows { {{There}} } accept
                ip protocol tcp {{There}} @flows update @flows { {{There}} } accept
                ip protocol tcp {{Back}} @flows update @flows { {{Back}} } accept
                ip protocol tcp drop
              }
            }
            """);
    }

    /// <summary>Does the firewall know this flow, which began from that port of the test?</summary>
    public async Task<bool> KnowsFlowAsync(int testPort) =>
        (await RunAsync("ip", "netns", "exec", Switch, "nft", "list", "set", "bridge", "lab", "flows"))
            .Contains($"{TestAddress} . {testPort} . ", StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        foreach (string one in Enumerable.Reverse(_namespaces))
        {
            // With it go its links, and the other ends of these.
            await RunAsync("ip", "netns", "del", one);
        }

        _folder.Dispose();
    }

    private async Task BuildAsync(int hosts)
    {
        await AddNamespaceAsync(Switch);
        await RunAsync("ip", "-n", Switch, "link", "add", Bridge, "type", "bridge");
        await RunAsync("ip", "-n", Switch, "link", "set", Bridge, "up");
        await PlugAsync(_name, TestHost, []);
        var built = new List<ProcessHost>();
        for (int i = 1; i <= hosts; i++)
        {
            string host = $"{_name}-{i}";
            await AddNamespaceAsync(host);
            await RunAsync("ip", "-n", host, "link", "set", "lo", "up");
            await PlugAsync(host, i, ["-n", host]);
            built.Add(new ProcessHost($"{_network}.{i}", ["ip", "netns", "exec", host]));
        }

        Hosts = built;
    }

    private async Task AddNamespaceAsync(string name)
    {
        await RunAsync("ip", "netns", "add", name);
        _namespaces.Add(name);
    }

    /// <summary>A cable from the switch to a host; <paramref name="where"/> tells ip its namespace.</summary>
    private async Task PlugAsync(string link, int number, string[] where)
    {
        string port = $"port{number}";
        await RunAsync("ip", [.. where, "link", "add", link, "type", "veth", "peer", "name", port, "netns", Switch]);
        await RunAsync("ip", "-n", Switch, "link", "set", port, "master", Bridge, "up");
        await RunAsync("ip", [.. where, "addr", "add", $"{_network}.{number}/24", "dev", link]);
        await RunAsync("ip", [.. where, "link", "set", link, "up"]);
    }

    private async Task RulesAsync(string rules)
    {
        string file = _folder.File("rules.nft");
        await File.WriteAllTextAsync(file, rules + "\n");
        await RunAsync("ip", "netns", "exec", Switch, "nft", "-f", file);
    }

    private async Task<string> RunAsync(string program, params string[] arguments)
    {
        string log = _folder.File("log");
        var output = new List<string>();
        await using ChildProcess process = await ChildProcess.StartAsync(
            program, program, arguments, log, environment: null, output.Add);
        int exitCode = await process.WaitForExitAsync(Patience);
        return exitCode == 0
            ? string.Join('\n', output)
            : throw new InvalidOperationException(
                $"'{program} {string.Join(' ', arguments)}' ended with exit code {exitCode}; it needs root, iproute2 and nftables. "
                + process.LogTail);
    }
}
