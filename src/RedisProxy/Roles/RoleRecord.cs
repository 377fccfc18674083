using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.Roles;

/// <summary>
/// Counts and logs the changes to the servers of one master. A lasting condition is logged once: a warning, or a line of a dry run, is
/// repeated only after a round without it. Written by this master's rounds, one at a time, but for several servers at once; the figures
/// are read from any thread.
/// </summary>
internal sealed class RoleRecord(string masterName, ILogger log)
{
    private readonly Lock _gate = new();
    private readonly long[] _changes = new long[Enum.GetValues<NodeRole>().Length];
    private readonly HashSet<string> _unwritten = [];
    private HashSet<string> _reportedBefore = [];
    private HashSet<string> _reported = [];
    private long _failures;
    private int _differences;
    private int _found;

    /// <summary>Settings changed since the start.</summary>
    public long ChangesOf(NodeRole role) => Interlocked.Read(ref _changes[(int)role]);

    /// <summary>Settings that a server refused or did not keep, since the start.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Settings that did not match at the end of the last round.</summary>
    public int Differences => Volatile.Read(ref _differences);

    public void BeginRound() => Volatile.Write(ref _found, 0);

    public void EndRound()
    {
        Volatile.Write(ref _differences, Volatile.Read(ref _found));
        lock (_gate)
        {
            (_reportedBefore, _reported) = (_reported, []);
        }
    }

    /// <summary>The master has no policy any more.</summary>
    public void Forget()
    {
        BeginRound();
        EndRound();
    }

    public void AddChange(RoleTarget node, SettingDifference difference, string now)
    {
        Interlocked.Increment(ref _changes[(int)node.Role]);
        RoleLog.Changed(log, masterName, node.Name, node.RoleName, difference.Name, now, difference.Now);
    }

    public void AddFailure(RoleTarget node, string reason)
    {
        Interlocked.Increment(ref _failures);
        if (IsNew($"failed {node.Name} {reason}"))
        {
            RoleLog.Failed(log, masterName, node.Name, node.RoleName, reason);
        }
    }

    /// <summary>They stay unchanged for now: because this is a dry run, or because they have to wait.</summary>
    public void AddDifferences(RoleTarget node, IReadOnlyList<SettingDifference> differences, bool isDryRun)
    {
        Interlocked.Add(ref _found, differences.Count);
        foreach (SettingDifference one in differences.Where(one => IsNew($"{isDryRun} {node.Name} {one}")))
        {
            if (isDryRun)
            {
                RoleLog.WouldChange(log, masterName, node.Name, node.RoleName, one.Name, one.Wanted, one.Now);
            }
            else
            {
                RoleLog.Waits(log, masterName, node.Name, node.RoleName, one.Name, one.Wanted);
            }
        }
    }

    /// <summary>They should have been changed but were not.</summary>
    public void AddUnchanged(int count) => Interlocked.Add(ref _found, count);

    public void AddLeftAlone(HostEndpoint server, string reason) => RoleLog.LeftAlone(log, masterName, server.ToString(), reason);

    /// <summary>A change has not been written to a file yet.</summary>
    public void OweRewrite(RoleTarget node)
    {
        lock (_gate)
        {
            _unwritten.Add(node.Name);
        }
    }

    public bool OwesRewrite(RoleTarget node)
    {
        lock (_gate)
        {
            return _unwritten.Contains(node.Name);
        }
    }

    public void AddRewrite(RoleTarget node)
    {
        lock (_gate)
        {
            _unwritten.Remove(node.Name);
        }

        RoleLog.Rewritten(log, masterName, node.Name);
    }

    private bool IsNew(string what)
    {
        lock (_gate)
        {
            return _reported.Add(what) && !_reportedBefore.Contains(what);
        }
    }
}
