using System.Globalization;

using Microsoft.Extensions.Logging;

namespace RedisProxy.Failover;

/// <summary>The steps of a failover on demand, with their times. Any thread: some steps run concurrently.</summary>
internal sealed class FailoverStepLog(string masterName, TimeProvider time, ILogger log)
{
    private readonly long _begun = time.GetTimestamp();
    private readonly Lock _adding = new();
    private readonly List<string> _lines = [];

    /// <summary>Each with the time since the begin.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>The failover does without these.</summary>
    public void AddLeftOut(IEnumerable<ListedReplica> replicas)
    {
        foreach (ListedReplica replica in replicas)
        {
            Add(replica.Absence);
        }
    }

    public void Add(string what)
    {
        lock (_adding)
        {
            double seconds = time.GetElapsedTime(_begun).TotalSeconds;
            _lines.Add(string.Create(CultureInfo.InvariantCulture, $"{seconds,7:0.000} s  {what}"));
        }

        FailoverLog.Step(log, masterName, what);
    }
}
