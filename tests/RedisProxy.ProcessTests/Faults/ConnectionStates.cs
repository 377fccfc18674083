using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>What a connection has asked for, for as long as it lasts.</summary>
internal static class ConnectionStates
{
    public static SessionState[] All { get; } =
    [
        new("tracking")
        {
            PrepareAsync = async (client, _) =>
            {
                Assert.Equal('%', (await client.CallAsync("HELLO", "3")).Kind);
                await SessionStates.ExpectOkAsync(client, "SET", "tracked", "before");
                await SessionStates.ExpectOkAsync(client, "CLIENT", "TRACKING", "ON");
                Assert.Equal("before", (await client.CallAsync("GET", "tracked")).Text);
            },
            CheckAsync = async (client, _, master) =>
            {
                // First of all the client's cache empties itself: nobody knows what it has missed.
                Assert.Equal(">[\"invalidate\" null]", (await client.ReadReplyAsync()).ToString());
                Assert.Equal("before", (await client.CallAsync("GET", "tracked")).Text);
                await master.CallAsync("SET", "tracked", "after");
                Assert.Equal(">[\"invalidate\" *[\"tracked\"]]", (await client.ReadReplyAsync()).ToString());
            },
        },
        new("WAIT after the move")
        {
            PrepareAsync = (client, _) => SessionStates.ExpectOkAsync(client, "SET", "waited-for", "x"),
            // The new connection has written nothing, so redis would say "all replicas" about a write that may be gone.
            CheckAsync = async (client, _, _) => Assert.Equal(":0", (await client.CallAsync("WAIT", "1", "100")).ToString()),
        },
        new("CLIENT REPLY OFF")
        {
            PrepareAsync = async (client, lab) =>
            {
                await client.SendAsync("CLIENT REPLY OFF\r\nSET unanswered 1\r\n");
                await Eventually.Within(
                    FaultLab.Patience, async () => (await lab.FirstMaster.CallAsync("EXISTS", "unanswered")).Number == 1, "it is executed");
            },
            CheckAsync = async (client, _, master) =>
            {
                await client.SendAsync("SET unanswered 2\r\nCLIENT REPLY ON\r\nPING\r\n");
                Assert.Equal("+OK", (await client.ReadReplyAsync()).ToString());
                Assert.Equal("+PONG", (await client.ReadReplyAsync()).ToString());
                Assert.Equal("2", (await master.CallAsync("GET", "unanswered")).Text);
            },
        },
        new("MONITOR")
        {
            PrepareAsync = async (client, _) => Assert.Equal("OK", (await client.CallAsync("MONITOR")).Text),
            CheckAsync = async (client, _, _) => await client.ReadToEndAsync(),
        },
    ];
}
