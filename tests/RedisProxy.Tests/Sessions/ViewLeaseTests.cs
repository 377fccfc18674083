using RedisProxy.Testing;

namespace RedisProxy.Tests.Sessions;

/// <summary>What sessions do while it is not certain whether the master still is one.</summary>
public sealed class ViewLeaseTests
{
    private const string Unknown = "-IOERR ";

    [Fact]
    public async Task Lapsed_RequestsWaitAndGoOnOnceItIsRenewed()
    {
        await using SessionLab lab = await SessionLab.StartAsync(hasLease: true);
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await lab.WaitUntilLeaseLapsesAsync();
        await client.SendAsync(Requests.Set);
        await Eventually.Within(TimeSpan.FromSeconds(10), lab.CountWaitingAsync, waiting => waiting == 1, "the request waits");
        await client.SendAsync(Requests.Get);
        await lab.WhileLeaseRunsAsync(backend.ExpectAsync(Requests.Set + Requests.Get));
        await backend.SendAsync("+OK\r\n$1\r\nv\r\n");
        await lab.WhileLeaseRunsAsync(client.ExpectAsync("+OK\r\n$1\r\nv\r\n"));
        Assert.Equal(0, lab.Counters.ProxyReplies.Sum());
    }

    [Fact]
    public async Task Lapsed_WhatWaitsGoesToTheNewMasterOnly()
    {
        await using SessionLab lab = await SessionLab.StartAsync(hasLease: true);
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await lab.WaitUntilLeaseLapsesAsync();
        await client.SendAsync(Requests.Set);
        await Eventually.Within(TimeSpan.FromSeconds(10), lab.CountWaitingAsync, waiting => waiting == 1, "the request waits");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await lab.WhileLeaseRunsAsync(second.ExpectAsync(Requests.Set));
        Assert.Equal("", (await first.ReadToEndAsync()).Rest);
    }

    [Fact]
    public async Task Lapsed_AReplyIsBelievedOnlyWhenItsMasterStillIsOne()
    {
        await using SessionLab lab = await SessionLab.StartAsync(hasLease: true);
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await client.SendAsync(Requests.Set);
        await lab.WhileLeaseRunsAsync(first.ExpectAsync(Requests.Set));
        await lab.WaitUntilLeaseLapsesAsync();
        await first.SendAsync("+OK\r\n");
        await lab.ServeSecondAsync();
        lab.RenewLease();
        Assert.StartsWith(Unknown, await client.ReadUntilAsync("\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoopHeldUp_AReplyThatHadComeInTimeIsBelievedAlthoughTheMasterIsSuperseded()
    {
        await using SessionLab lab = await SessionLab.StartAsync(hasLease: true);
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await client.SendAsync(Requests.Set);
        await lab.WhileLeaseRunsAsync(first.ExpectAsync(Requests.Set));
        Task superseded = await lab.WhileLoopIsHeldUpAsync(async () =>
        {
            await first.SendAsync("+OK\r\n");
            lab.RenewLease();
            return lab.ServeSecondAsync();
        });
        await superseded;
        lab.RenewLease();
        await client.ExpectAsync("+OK\r\n");
        Assert.Equal(0, lab.Counters.ProxyReplies.Sum());
    }

    [Fact]
    public async Task LoopHeldUp_AViewThatWasPostedIsAppliedBeforeItsRenewalCounts()
    {
        await using SessionLab lab = await SessionLab.StartAsync(hasLease: true);
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        Task superseded = await lab.WhileLoopIsHeldUpAsync(async () =>
        {
            await client.SendAsync(Requests.Set);
            Task shown = lab.ServeSecondAsync();
            lab.RenewLease();
            return shown;
        });
        await superseded;
        RawClient second = await lab.AcceptAsync(lab.Second);
        await lab.WhileLeaseRunsAsync(second.ExpectAsync(Requests.Set));
        Assert.Equal("", (await first.ReadToEndAsync()).Rest);
    }

    [Fact]
    public async Task NoLease_NothingWaits()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await (client, backend).ExchangeAsync(Requests.Set, "+OK\r\n");
    }
}
