using RedisProxy.EventLoops;
using RedisProxy.Resp;
using RedisProxy.Sessions;

namespace RedisProxy.Tests.Sessions;

public sealed class RequestQueueTests
{
    private const int Bytes = 10;

    private static readonly CommandTraits Write = new(CommandKind.Plain, CommandFlags.None);
    private static readonly CommandTraits Select = new(CommandKind.Select, CommandFlags.Resendable);

    [Fact]
    public void MillionsThatAreSentAndGone_NeedNoEntryEach()
    {
        var pool = new SlabPool();
        var memory = new LedgerMemory(pool);
        var queue = new RequestQueue(memory);
        const int Count = 2_000_000;
        for (long i = 0; i < Count; i++)
        {
            queue.AddNewest(Request(i, Write));
            queue.GoneTo = Math.Max(0, (i - 1000) * Bytes);
        }

        Assert.Equal(Count, queue.Requests);
        Assert.InRange(memory.Bytes, 1, 1024 * 1024);
        Assert.Equal(memory.Bytes, pool.ChargedBytes);
        for (int i = 0; i < Count; i++)
        {
            queue.RetireOldest();
        }

        Assert.True(queue.IsEmpty);
        memory.GiveBack();
        Assert.Equal(0, pool.ChargedBytes);
    }

    [Fact]
    public void WhatIsNotAlike_StaysInItsPlace()
    {
        var queue = new RequestQueue(new LedgerMemory(new SlabPool()));
        const int Count = 100_000;
        for (long i = 0; i < Count; i++)
        {
            bool isSelect = i % 1000 == 7;
            queue.AddNewest(Request(i, isSelect ? Select : Write) with { HasChange = isSelect, ChangesState = isSelect });
            queue.GoneTo = i * Bytes;
        }

        Assert.Equal(Count, queue.Requests);
        Assert.InRange(queue.Count, 200, 10_000);
        for (long i = 0; i < Count; i++)
        {
            Assert.Equal(i % 1000 == 7, queue.Oldest.HasChange);
            queue.RetireOldest();
        }
    }

    [Fact]
    public void WhatCanBeSentAgain_OrMayWait_KeepsItsEntry()
    {
        var queue = new RequestQueue(new LedgerMemory(new SlabPool())) { GoneTo = 5000 * Bytes };
        for (long i = 0; i < 10_000; i++)
        {
            queue.AddNewest(Request(i, i < 100 ? new CommandTraits(CommandKind.Plain, CommandFlags.Blocking) : Write));
        }

        Assert.Equal(10_000, queue.Requests);
        Assert.Equal(100 + 1 + 5000, queue.Count, 1000.0);
        for (int i = 0; i < queue.Count; i++)
        {
            Assert.True(queue[i].More == 0 || (queue[i].End <= queue.GoneTo && !queue[i].Traits.IsBlocking));
        }
    }

    [Fact]
    public void MovedToAnotherQueue_AllAreAnsweredOnce()
    {
        var queue = new RequestQueue(new LedgerMemory(new SlabPool()));
        const int Count = 20_000;
        for (long i = 0; i < Count; i++)
        {
            queue.AddNewest(Request(i, Write));
            queue.GoneTo = i * Bytes;
        }

        var next = new RequestQueue(new LedgerMemory(new SlabPool()));
        while (!queue.IsEmpty)
        {
            next.AddNewest(queue.Oldest);
            queue.RemoveOldest();
        }

        Assert.Equal(Count, next.Requests);
        for (int i = 0; i < Count; i++)
        {
            next.RetireOldest();
        }

        Assert.True(next.IsEmpty);
    }

    private static PendingRequest Request(long index, CommandTraits traits) =>
        new() { Start = index * Bytes, End = (index + 1) * Bytes, Traits = traits };
}
