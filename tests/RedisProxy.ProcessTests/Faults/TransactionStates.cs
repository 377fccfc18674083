using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>States between MULTI or WATCH and EXEC.</summary>
internal static class TransactionStates
{
    public static SessionState[] All { get; } =
    [
        new("MULTI open")
        {
            PrepareAsync = async (client, _) =>
            {
                await SessionStates.ExpectOkAsync(client, "MULTI");
                Assert.Equal("QUEUED", (await client.CallAsync("SET", "in-multi", "x")).Text);
                Assert.Equal("QUEUED", (await client.CallAsync("INCR", "in-multi-count")).Text);
            },
            CheckAsync = async (client, _, master) =>
            {
                // Nothing of it was executed, so all of it is, once, at the new master.
                Assert.Equal("QUEUED", (await client.CallAsync("INCR", "in-multi-count")).Text);
                Assert.Equal("*[+OK :1 :2]", (await client.CallAsync("EXEC")).ToString());
                Assert.Equal("2", (await master.CallAsync("GET", "in-multi-count")).Text);
            },
        },
        new("MULTI open, then DISCARD")
        {
            PrepareAsync = async (client, _) =>
            {
                await SessionStates.ExpectOkAsync(client, "MULTI");
                Assert.Equal("QUEUED", (await client.CallAsync("SET", "discarded", "x")).Text);
            },
            CheckAsync = async (client, _, master) =>
            {
                await SessionStates.ExpectOkAsync(client, "DISCARD");
                Assert.True((await client.CallAsync("GET", "discarded")).IsNull);
                Assert.Equal(0, (await master.CallAsync("EXISTS", "discarded")).Number);
            },
        },
        new("EXEC in flight")
        {
            PrepareAsync = async (client, _) =>
            {
                await SessionStates.ExpectOkAsync(client, "MULTI");
                Assert.Equal("QUEUED", (await client.CallAsync("INCR", SessionStates.Marker)).Text);
            },
            BeginAsync = (client, _) => client.SendCommandAsync("EXEC"),
            CheckAsync = async (client, _, _) =>
            {
                Assert.Equal("IOERR", (await client.ReadReplyAsync()).ErrorCode);
                // Not queued: the transaction is over.
                await SessionStates.ExpectOkAsync(client, "SET", "after-exec", "x");
            },
        },
        new("WATCH")
        {
            PrepareAsync = async (client, _) =>
            {
                await SessionStates.ExpectOkAsync(client, "SET", "watched", "before");
                await SessionStates.ExpectOkAsync(client, "WATCH", "watched");
            },
            CheckAsync = async (client, _, master) =>
            {
                Assert.Equal("before", (await client.CallAsync("GET", "watched")).Text);
                await SessionStates.ExpectOkAsync(client, "MULTI");
                Assert.Equal("QUEUED", (await client.CallAsync("SET", "watched", "after")).Text);
                Assert.True((await client.CallAsync("EXEC")).IsNull, "EXEC says that there was a conflict");
                Assert.Equal("before", (await master.CallAsync("GET", "watched")).Text);
                // The client tries again, as every client does, and succeeds.
                await SessionStates.ExpectOkAsync(client, "WATCH", "watched");
                await SessionStates.ExpectOkAsync(client, "MULTI");
                Assert.Equal("QUEUED", (await client.CallAsync("SET", "watched", "after")).Text);
                Assert.Equal("*[+OK]", (await client.CallAsync("EXEC")).ToString());
            },
        },
        new("WATCH and MULTI open")
        {
            PrepareAsync = async (client, _) =>
            {
                await SessionStates.ExpectOkAsync(client, "WATCH", "watched-too");
                await SessionStates.ExpectOkAsync(client, "MULTI");
                Assert.Equal("QUEUED", (await client.CallAsync("SET", "watched-too", "x")).Text);
            },
            CheckAsync = async (client, _, master) =>
            {
                RawReply reply = await client.CallAsync("EXEC");
                Assert.True(reply.IsNull || reply.ErrorCode == "EXECABORT", $"{reply}");
                Assert.Equal(0, (await master.CallAsync("EXISTS", "watched-too")).Number);
                await SessionStates.ExpectOkAsync(client, "SET", "after-watch", "x");
            },
        },
    ];
}
