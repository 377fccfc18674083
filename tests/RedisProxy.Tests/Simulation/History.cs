using System.Globalization;
using System.Net;

namespace RedisProxy.Tests.Simulation;

/// <summary>
/// All writes of a run, and the rules that can be judged as they happen: none is executed twice, none after its client was told that it
/// is not, none of a transaction outside of it; and no acknowledgement is passed on that came from a superseded master.
/// </summary>
internal sealed class History(World world)
{
    private readonly Dictionary<long, WriteFate> _fates = [];
    private long _lastTag;

    public IEnumerable<WriteFate> Fates => _fates.Values;

    public WriteFate Add(int client, string key, bool isOfTransaction)
    {
        var fate = new WriteFate(++_lastTag, client, key) { IsOfTransaction = isOfTransaction };
        _fates.Add(fate.Tag, fate);
        return fate;
    }

    public WriteFate? Find(string word) =>
        long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long tag) ? _fates.GetValueOrDefault(tag) : null;

    /// <returns>Null when it is no client's write.</returns>
    public WriteFate? OnExecuted(SimulatedRedis node, Effect effect, string reply, bool isInTransaction)
    {
        if (Find(effect.Word) is not { } fate)
        {
            return null;
        }

        fate.Executions++;
        fate.Node = node;
        fate.ExecutedAtUs = world.NowUs;
        fate.ExecutedIn = effect.Db;
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

        return fate;
    }

    /// <summary>The proxy has received its reply, while it took this for the master.</summary>
    public void OnReceived(WriteFate fate, IPEndPoint? master)
    {
        fate.ReceivedUnder = master;
        fate.ReceivedAtUs = world.NowUs;
    }

    public void OnAcknowledged(WriteFate fate, int wantedDb)
    {
        fate.Told = Told.Acknowledged;
        fate.WantedIn = wantedDb;
        if (fate.Executions == 0)
        {
            world.Violate($"acknowledged, not executed: {fate}");
        }
        else if (!fate.Node!.Address.Equals(fate.ReceivedUnder))
        {
            world.Violate($"acknowledged by a superseded master, the proxy knew {fate.ReceivedUnder}: {fate}");
        }
        else if (fate.ExecutedIn != wantedDb)
        {
            world.Violate($"wrong database, wanted {wantedDb}: {fate}");
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
