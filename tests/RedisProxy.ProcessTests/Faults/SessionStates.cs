using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>The states of <see cref="StateScenario"/>. Keys belong to one state each.</summary>
internal static class SessionStates
{
    /// <summary>Counts the sessions whose requests were executed while their replies were stuck.</summary>
    public const string Marker = "markers";

    private static readonly SessionState[] All =
    [
        new("idle") { CheckAsync = async (client, _, _) => Assert.Equal("PONG", (await client.CallAsync("PING")).Text) },
        new("database, name and protocol")
        {
            PrepareAsync = async (client, _) =>
            {
                Assert.Equal('%', (await client.CallAsync("HELLO", "3")).Kind);
                await ExpectOkAsync(client, "SELECT", "7");
                await ExpectOkAsync(client, "CLIENT", "SETNAME", "as-it-was");
            },
            CheckAsync = async (client, _, _) =>
            {
                Assert.Equal('_', (await client.CallAsync("GET", "nothing")).Kind);
                string info = (await client.CallAsync("CLIENT", "INFO")).Text!;
                Assert.Contains(" db=7 ", info, StringComparison.Ordinal);
                Assert.Contains(" name=as-it-was ", info, StringComparison.Ordinal);
            },
        },
        new("write in flight")
        {
            BeginAsync = (client, _) => client.SendCommandAsync("INCR", Marker),
            CheckAsync = async (client, _, _) =>
            {
                Assert.Equal("IOERR", (await client.ReadReplyAsync()).ErrorCode);
                await ExpectOkAsync(client, "SET", "later", "x");
            },
        },
        new("write held")
        {
            HoldAsync = client => client.SendCommandAsync("INCR", "held"),
            CheckAsync = async (client, _, master) =>
            {
                Assert.Equal(":1", (await client.ReadReplyAsync()).ToString());
                Assert.Equal("1", (await master.CallAsync("GET", "held")).Text);
            },
        },
        new("read in flight")
        {
            PrepareAsync = (client, _) => ExpectOkAsync(client, "SET", "read", "as ever"),
            BeginAsync = (client, _) => client.SendCommandAsync("GET", "read"),
            CheckAsync = async (client, _, _) =>
            {
                Assert.Equal("as ever", (await client.ReadReplyAsync()).Text);
                await ExpectOkAsync(client, "SET", "later", "x");
            },
        },
        new("pipeline of reads and writes in flight")
        {
            PrepareAsync = (client, _) => ExpectOkAsync(client, "SET", "mixed", "as ever"),
            BeginAsync = (client, _) => client.SendCommandsAsync(
                "GET mixed", "RPUSH once 1", "GET mixed", "RPUSH once 2", $"INCR {Marker}"),
            CheckAsync = async (client, _, master) =>
            {
                Assert.Equal("as ever", (await client.ReadReplyAsync()).Text);
                Assert.Equal("IOERR", (await client.ReadReplyAsync()).ErrorCode);
                Assert.Equal("as ever", (await client.ReadReplyAsync()).Text);
                Assert.Equal("IOERR", (await client.ReadReplyAsync()).ErrorCode);
                Assert.Equal("IOERR", (await client.ReadReplyAsync()).ErrorCode);
                string[] stored = [.. (await master.CallAsync("LRANGE", "once", "0", "-1")).Items.Select(item => item.Text!)];
                Assert.Equal(stored.Distinct(), stored);
                await ExpectOkAsync(client, "SET", "later", "x");
            },
        },
        .. TransactionStates.All,
        .. WaitingStates.All,
        .. ConnectionStates.All,
    ];

    public static IReadOnlyList<SessionState> For(MasterFault fault) =>
        [.. All.Where(state => state.HoldAsync is null || fault is MasterFault.Killed or MasterFault.Frozen)];

    /// <summary>How many sessions count with <see cref="Marker"/>.</summary>
    public static int MarkersFor(MasterFault fault) => fault == MasterFault.Frozen ? 0 : 3;

    public static async Task ExpectOkAsync(RawClient client, params string[] words) =>
        Assert.Equal("+OK", (await client.CallAsync(words)).ToString());
}
