using System.Globalization;
using System.Net;

using RedisProxy.Configuration;

namespace RedisProxy.Tests.Simulation;

/// <summary>
/// All writes of a run, and the rules that can be judged as they happen: none is executed twice, none after its client was told that it
/// is not, none of a transaction outside of it, none in a database or as a user that its client did not mean; and no acknowledgement is
/// passed on that came from a superseded master.
/// </summary>
internal sealed class History(World world)
{
    private readonly Dictionary<long, WriteFate> _fates = [];
    private readonly Dictionary<int, string> _queues = [];
    private long _lastTag;

    /// <summary>Nothing that can be sent again is given up earlier.</summary>
    public long ShortestHoldUs { get; set; }

    /// <summary>Sessions are passed between two processes.</summary>
    public bool TakesOver { get; init; }

    /// <summary>Sessions share links, so that servers do not know the names of all clients.</summary>
    public bool SharesLinks { get; init; }

    /// <summary>What acknowledgements wait for; null: for nothing.</summary>
    public DurableOptions? Durable { get; init; }

    /// <summary>All is well: everything has to be as it should.</summary>
    public bool IsPeace { get; set; }

    /// <summary>Else a change of masters closes those that have subscribed.</summary>
    public bool ResubscribesClients { get; set; }

    /// <summary>When each trouble with a master was over; the last one may still last.</summary>
    public List<long> TroubleEndsUs { get; } = [];

    /// <summary>The string that was written last, in each database.</summary>
    public Dictionary<int, string> LatestStrings { get; } = [];

    public IEnumerable<WriteFate> Fates => _fates.Values;

    /// <summary>What was taken from queues, as clients were told.</summary>
    public List<(string Word, WriteFate Pop)> Takings { get; } = [];

    public WriteFate Add(int client, string key, Standing wanted, bool isOfTransaction)
    {
        var fate = new WriteFate(++_lastTag, client, key) { Wanted = wanted, IsOfTransaction = isOfTransaction };
        _fates.Add(fate.Tag, fate);
        return fate;
    }

    /// <summary>There will be something to pop in it.</summary>
    public void OpenQueue(int db, string key) => _queues[db] = key;

    public string LatestQueue(int db) => _queues.GetValueOrDefault(db, "b:none");

    public WriteFate? Find(string word) =>
        long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long tag) ? _fates.GetValueOrDefault(tag) : null;

    /// <returns>Null when it is no client's write.</returns>
    public WriteFate? OnExecuted(SimulatedRedis node, Effect effect, string user, string reply, bool isInTransaction)
    {
        if (Find(effect.Word) is not { } fate)
        {
            return null;
        }

        fate.Executions++;
        fate.Node = node;
        fate.ExecutedAtUs = world.NowUs;
        fate.Offset = node.Offset;
        fate.ExecutedAs = new Standing(effect.Db, user);
        fate.WasInTransaction = isInTransaction;
        fate.Reply = reply;
        if (fate.Executions > 1)
        {
            world.Violate($"duplicate: {fate}");
        }
        else if (fate.Told == Told.NotExecuted)
        {
            world.Violate($"executed after it was said not to be: {fate}");
        }
        else if (fate.IsOfTransaction != isInTransaction)
        {
            world.Violate($"torn transaction: {fate}");
        }

        if (fate.ExecutedAs != fate.Wanted)
        {
            world.Violate($"in another database, or as another user: {fate}");
        }

        return fate;
    }

    /// <summary>The proxy has received its reply, while it took this for the master. During a change two processes may differ.</summary>
    public void OnReceived(WriteFate fate, IReadOnlyList<IPEndPoint?> masters)
    {
        fate.ReceivedUnder = masters;
        fate.ReceivedAtUs = world.NowUs;
    }

    public void OnAcknowledged(WriteFate fate)
    {
        fate.Told = Told.Acknowledged;
        if (fate.Executions == 0)
        {
            world.Violate($"acknowledged, not executed: {fate}");
        }
        else if (!fate.ReceivedUnder.Contains(fate.Node!.Address))
        {
            world.Violate($"acknowledged by a superseded master, the proxy knew {string.Join(", ", fate.ReceivedUnder)}: {fate}");
        }
        else if (fate.Node.CountEverConfirmed(fate.Offset) < Durable?.Replicas)
        {
            world.Violate($"acknowledged before {Durable.Replicas} replicas had it: {fate}");
        }
    }

    /// <summary>It is said to be executed, and that too few replicas had it in time.</summary>
    public void OnUnconfirmed(WriteFate fate)
    {
        fate.Told = Told.Unconfirmed;
        if (Durable is not { } durable)
        {
            world.Violate($"nobody waits for replicas here: {fate}");
        }
        else if (fate.Executions != 1)
        {
            world.Violate($"said to be executed, but was not: {fate}");
        }
        else if (!HasTimedOut(fate, durable) || IsPeace)
        {
            world.Violate($"not confirmed, although there was time: {fate}");
        }
    }

    /// <summary>Replicas had all the time that they are given; the loop's clock shows whole milliseconds.</summary>
    public bool HasTimedOut(WriteFate fate, DurableOptions durable) =>
        fate.Executions == 1 && world.NowUs - fate.ExecutedAtUs > durable.Timeout.TotalMicroseconds - 1000;

    public void OnNotExecuted(WriteFate fate)
    {
        fate.Told = Told.NotExecuted;
        if (fate.Executions > 0)
        {
            world.Violate($"said not to be executed, but was: {fate}");
        }
    }
}
