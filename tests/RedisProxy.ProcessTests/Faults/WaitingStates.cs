using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>States in which the client waits for something that others do.</summary>
internal static class WaitingStates
{
    public static SessionState[] All { get; } =
    [
        new("blocked in BLPOP")
        {
            PrepareAsync = (client, lab) => BlockAsync(client, lab, "BLPOP", "empty-list", "0"),
            // An element may have been taken.
            CheckAsync = async (client, _, _) => Assert.Equal("", (await client.ReadToEndAsync()).Rest),
        },
        new("blocked in XREAD with an id")
        {
            PrepareAsync = (client, lab) => BlockAsync(client, lab, "XREAD", "BLOCK", "0", "STREAMS", "stream", "5-0"),
            CheckAsync = async (client, _, master) =>
            {
                await master.CallAsync("XADD", "stream", "6-0", "field", "value");
                Assert.Equal("*[*[\"stream\" *[*[\"6-0\" *[\"field\" \"value\"]]]]]", (await client.ReadReplyAsync()).ToString());
                await SessionStates.ExpectOkAsync(client, "SET", "after-xread", "x");
            },
        },
        new("blocked in XREAD from the end")
        {
            PrepareAsync = (client, lab) => BlockAsync(client, lab, "XREAD", "BLOCK", "0", "STREAMS", "stream-end", "$"),
            // Which end that is depends on the server and on the moment: entries may have been missed.
            CheckAsync = async (client, _, _) => Assert.Equal("", (await client.ReadToEndAsync()).Rest),
        },
        new("SUBSCRIBE")
        {
            PrepareAsync = async (client, _) =>
                Assert.Equal("*[\"subscribe\" \"news\" :1]", (await client.CallAsync("SUBSCRIBE", "news")).ToString()),
            CheckAsync = async (client, _, _) => Assert.Equal("", (await client.ReadToEndAsync()).Rest),
        },
        new("RESP3 SUBSCRIBE")
        {
            PrepareAsync = async (client, _) =>
            {
                Assert.Equal('%', (await client.CallAsync("HELLO", "3")).Kind);
                Assert.Equal('>', (await client.CallAsync("SUBSCRIBE", "news")).Kind);
            },
            CheckAsync = async (client, _, _) => Assert.Equal("", (await client.ReadToEndAsync()).Rest),
        },
    ];

    private static async Task BlockAsync(RawClient client, FaultLab lab, params string[] words)
    {
        string blocked = (await lab.FirstMaster.InfoAsync("clients"))["blocked_clients"];
        await client.SendCommandAsync(words);
        await Eventually.Within(
            FaultLab.Patience,
            async () => (await lab.FirstMaster.InfoAsync("clients"))["blocked_clients"] != blocked,
            $"{words[0]} blocks");
    }
}
