using System.Globalization;
using System.Net;

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

    /// <summary>Sessions share links, so that servers do not know the names of all clients.</summary>
    public bool SharesLinks { get; init; }

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

    /// <summary>The proxy has received its reply, while it took this for the master.</summary>
    public void OnReceived(WriteFate fate, IPEndPoint? master)
    {
        fate.ReceivedUnder = master;
        fate.ReceivedAtUs = world.NowUs;
    }

    public void OnAcknowledged(WriteFate fate)
    {
        fate.Told = Told.Acknowledged;
        if (fate.Executions == 0)
        {
            world.Violate($"acknowledged, not executed: {fate}");
        }
        else if (!fate.Node!.Address.Equals(fate.ReceivedUnder))
        {
            world.Violate($"acknowledged by a superseded master, the proxy knew {fate.ReceivedUnder}: {fate}");
        }
    }

    public void OnNotExecuted(WriteFate fate)
    {
        fate.Told = Told.NotExecuted;
        if (fate.Executions > 0)
        {
            world.Violate($"said not to be executed, but was: {fate}");
        }
    }
}
