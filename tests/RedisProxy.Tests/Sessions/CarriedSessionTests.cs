using RedisProxy.EventLoops;
using RedisProxy.Resp;
using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>
/// The format in which a session goes to another process, which may be of a later version of the program. If one of these fails because
/// something was added, the version has to be raised, and with it the sample.
/// </summary>
public sealed class CarriedSessionTests(ITestOutputHelper output)
{
    private static readonly string SetA = Requests.Of("SET", "a", "1");

    /// <summary>Version 1: alice in database 3 with a name, a transaction, a write in flight, and half of a request.</summary>
    private const string Sample =
        "AQAAAAAAAAAADwAAAAAAAAAxMjcuMC4wLjE6NDUyNDUBDwAAAAAAAAAxMjcuMC4wLjE6NTQ2OTQLAAAAAAAAAB0AAAAAAAAAAAAAAAEAAAAAAAAAAQEAAAAAAAAA"
        + "AQUAAAAAAAAAYWxpY2UGAAAAAAAAAHNlY3JldAEBAAAAAAAAAAEFAAAAAAAAAGFsaWNlBgAAAAAAAABzZWNyZXQCAAAAAAAAAAABBgAAAAAAAAB3b3JrZXIAAAAA"
        + "AAEBAQAAAAAAAAABBQAAAAAAAABhbGljZQYAAAAAAAAAc2VjcmV0AQIAAAAAAAAABgAAAAAAAABTRUxFQ1QBAAAAAAAAADMDAAAAAAAAAAAAAAAAAQAAAQEAAAAA"
        + "AAAAARQAAAAAAAAAKjINCiQzDQpHRVQNCiQxDQprDQoAAAAAAAAAAAAAAAEAAP//////////JwAAAAAAAACIAAAAAAAAACUAAAAAAAAAKjMNCiQzDQpTRVQNCiQx"
        + "DQphDQokMQ0KMQ0KKjINCiQzDQpHRQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEAAQAAAAAAAAAAAAAAAAAAAAABAAEQowAAAAAAAACjAAAAAAAAAIgAAAAAAAAA"
        + "AQAAAAAAAACIAAAAAAAAAKMAAAAAAAAAAwAAAAAAAAAAAAAYAAAAAAAAAAAAAAAAAACjAAAAAAAAAKMAAAAAAAAAAAAA";

    [PassageFact]
    public async Task Sample_OfThisVersion_IsReadWithAllItsState()
    {
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync();
        PassedMessage written = await WriteAsync(before);
        output.WriteLine(Convert.ToBase64String(written.Bytes.Span));
        await after.ShowAsync(Availability.Available, 1, after.Second, epoch: 1);
        byte[] sample = Convert.FromBase64String(Sample);
        Assert.Equal(CarriedSession.Version, sample[0]);
        Assert.Equal((Adoption.Adopted, ""), await after.AdoptAsync(written with { Bytes = sample }));

        // Its master was another one, so the whole of it goes to the one of now, with the transaction, of which nothing was executed.
        RawClient second = await after.AcceptAsync(after.Second);
        await second.ExpectAsync(
            Requests.Of("AUTH", "alice", "secret") + Requests.Of("SELECT", "3") + Requests.Of("CLIENT", "SETNAME", "worker")
            + Requests.Multi);
        await second.SendAsync("+OK\r\n+OK\r\n+OK\r\n+OK\r\n");
        await second.ExpectAsync(Requests.Get);
        await second.SendAsync("+QUEUED\r\n");
        await second.ExpectAsync(SetA);
        SessionSnapshot session = Assert.Single(await after.SnapshotsAsync());
        Assert.Equal(("worker", 3), (session.Name, session.Database));
    }

    [PassageFact]
    public async Task Message_ThatIsNotOne_IsRefusedAndTheSessionGoesOnWhereItWas()
    {
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await before.ConnectPairAsync();
        await (client, backend).ExchangeAsync(Requests.Of("CLIENT", "SETNAME", "worker"), "+OK\r\n");
        await after.ShowAsync(Availability.Available, 7, before.First);
        PassedMessage message = await before.TakeAsync();
        for (int length = 1; length < message.Bytes.Length; length++)
        {
            await RefusesAsync(message with { Bytes = message.Bytes[..length] });
        }

        await RefusesAsync(message with { Bytes = message.Bytes.ToArray().Append((byte)0).ToArray() });
        Assert.Equal(Adoption.NotNow, (await after.AdoptAsync(message with { IsWhole = false })).Verdict);
        await RefusesAsync(message with { Second = PassedMessage.None });
        byte[] later = message.Bytes.ToArray();
        later[0]++;
        Assert.Contains("version 2", await RefusesAsync(message with { Bytes = later }), StringComparison.Ordinal);
        await before.TakeBackAsync(message);
        await (client, backend).ExchangeAsync(SetA, "+OK\r\n");
        Assert.Equal(0, await before.CountTakenAsync(tries: 3));

        async Task<string> RefusesAsync(PassedMessage wrong)
        {
            (Adoption verdict, string problem) = await after.AdoptAsync(wrong);
            Assert.Equal(Adoption.Refused, verdict);
            return problem;
        }
    }

    // Any single byte: what comes of it may make no sense, but it is decided there and then, and throws nothing.
    [PassageFact]
    public async Task Message_WithAWrongByte_IsAdoptedOrRefused()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using SessionLab before = await SessionLab.StartAsync();
        byte[] bytes = (await WriteAsync(before)).Bytes.ToArray();
        for (int i = 0; i < 2000; i++)
        {
            byte[] wrong = [.. bytes];
            wrong[random.Next(wrong.Length)] = (byte)random.Next(256);
            await before.OnLoopAsync(() => before.Parse(wrong));
        }
    }

    [Fact]
    public void Numbers_InTheFormat_AreThoseOfThisVersion()
    {
        Assert.Equal(
            "Plain Auth Hello Select Client ReadOnly ReadWrite Reset Multi Exec Discard Watch Unwatch Subscribe Monitor Replication XRead "
                + "Wait WaitAof Debug Asking HashImport Quit CrossProtocol NulInName",
            NamesOf<CommandKind>());
        Assert.Equal("None Resendable Blocking Nested Shareable LeavesNothing Alone", NamesOf<CommandFlags>());
        Assert.Equal(
            "Forward Unknown NotExecuted ProtocolError Acknowledged Named NameOfClient Handoffs HandoffsMisspelt NotAuthenticated "
                + "HelloNotAuthenticated WrongPassword EndsAuthentication Queued Conflict Aborted NestedMulti WatchInMulti NoReplicas "
                + "NoReplicasAof NotConfirmed RejectedReadOnly "
                + "RejectedLoading RejectedMasterDown RejectedUnblocked RejectedRedirect RejectedNoReplicas",
            NamesOf<Outcome>());
        Assert.Equal("None StateInTransaction PubSub Monitor Replication Tracking ReplyMode Debug UnknownState", NamesOf<PinReason>());
        Assert.Equal("AsBefore On SkipNext Off", NamesOf<ReplyRule>());
        Assert.Equal("Undecided Conflict Abort", NamesOf<TransactionFate>());
        Assert.Equal("Adopted Refused NotNow", NamesOf<Adoption>());
        Assert.Equal("Off Address Name Nothing", NamesOf<HandoffWish>());
    }

    private static string NamesOf<T>()
        where T : struct, Enum => string.Join(' ', Enum.GetNames<T>());

    private static async Task<PassedMessage> WriteAsync(SessionLab lab)
    {
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        foreach (string said in (string[])["AUTH alice secret", "CLIENT SETNAME worker", "SELECT 3", "MULTI"])
        {
            await (client, backend).ExchangeAsync(Requests.Of(said.Split(' ')), "+OK\r\n");
        }

        await (client, backend).ExchangeAsync(Requests.Get, "+QUEUED\r\n");
        await client.SendAsync(SetA + Requests.Get[..10]);
        await backend.ExpectAsync(SetA);
        await Eventually.Within(
            TimeSpan.FromSeconds(10), async () => (await lab.SnapshotsAsync())[0].HeldBytes == SetA.Length + 10, "the part was received");
        return await lab.TakeAsync();
    }
}
