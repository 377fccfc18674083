using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>A real server, and a proxy whose clients share one link to it. Every client goes through the same.</summary>
internal sealed class StrangersBed : IAsyncDisposable
{
    private readonly RedisServer _server;
    private readonly ProxyProcess _proxy;
    private readonly RawClient _control;
    private readonly ConcurrentDictionary<string, bool> _owners = [];

    private StrangersBed(RedisServer server, ProxyProcess proxy, RawClient control)
    {
        _server = server;
        _proxy = proxy;
        _control = control;
    }

    public int Port => _proxy.Port;

    public bool HasEnded => _proxy.Process.HasExited;

    /// <param name="release">Null: the one that all tests use.</param>
    public static async Task<StrangersBed> StartAsync(ServerRelease? release = null)
    {
        var usual = new RedisServerOptions();
        RedisServer server = await RedisServer.StartAsync(usual with
        {
            Program = release?.Server ?? usual.Program,
            Lines = [$"user {Detours.User} on >{Detours.Password} ~* &* +@all"],
        });
        var multiplex = new JsonObject { ["links"] = 1 };
        ProxyProcess proxy = await ProxyProcess.StartAsync((ProxyProcessOptions.For(server) with
        {
            Listeners = [new ProxyListener { Settings = new Dictionary<string, JsonNode?> { ["multiplex"] = multiplex } }],
        }).With("loops.count", 1));
        return new StrangersBed(server, proxy, await server.ConnectAsync());
    }

    public void Register(Owner owner) => _owners[owner.Id] = true;

    /// <summary>There is a client of this name, or was.</summary>
    public bool IsKnown(string id) => _owners.ContainsKey(id);

    public Task<RawClient> ConnectAsync() => _proxy.ConnectAsync();

    /// <summary>Of <see cref="Detours.User"/>; its connections stay.</summary>
    public Task ChangePasswordAsync() => _control.CallAsync("ACL", "SETUSER", Detours.User, "resetpass", ">another");

    public Task EmptyAsync() => _control.CallAsync("FLUSHALL");

    /// <summary>Many clients ask, and the server sees one: otherwise nothing here would be about sharing.</summary>
    public async Task CheckIsSharedAsync()
    {
        const int Clients = 8;
        var clients = new List<RawClient>();
        try
        {
            for (int i = 0; i < Clients; i++)
            {
                clients.Add(await _proxy.ConnectAsync());
                string text = i.ToString(CultureInfo.InvariantCulture);
                Assert.Equal("", (await clients[i].CallAsync("GETRANGE", "none", "0", "1")).Text);
                Assert.Equal(text, (await clients[i].CallAsync("ECHO", text)).Text);
            }

            string list = (await _control.CallAsync("CLIENT", "LIST")).Text ?? "";
            Assert.Equal(1, list.Split("cmd=echo").Length - 1);
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
        }
    }

    /// <summary>Those of the proxy that say something, or have.</summary>
    public async Task<int> CountConnectionsAsync()
    {
        string[] clients = ((await _control.CallAsync("CLIENT", "LIST")).Text ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return clients.Count(static client => !client.Contains("cmd=client|list", StringComparison.Ordinal));
    }

    /// <summary>The last lines of the proxy.</summary>
    public string Log => _proxy.Process.LogTail;

    public async ValueTask DisposeAsync()
    {
        _control.Dispose();
        await _proxy.DisposeAsync();
        await _server.DisposeAsync();
    }
}
