using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// Describes the Sentinels' votes, and logs when that changes: which Sentinels are unreachable, whose answers are not trusted.
/// Decides nothing. Belongs to one <see cref="SentinelMonitor"/>.
/// </summary>
internal sealed class VoteLogger(string masterName, ILogger logger)
{
    private readonly Dictionary<HostEndpoint, string> _objections = [];
    private bool _hasLostAll;
    private bool _isForgotten;
    private string _ghosts = "";

    public void Comment(IReadOnlyList<SentinelVote> votes, SentinelMajority majority, bool hasMaster)
    {
        CommentObjections(votes);
        CommentGhosts(majority);
        if (hasMaster)
        {
            CommentLoss(votes);
        }
    }

    /// <summary>Why there is no master, as far as one sentence can tell.</summary>
    public static string Describe(string masterName, IReadOnlyList<SentinelVote> votes, ElectionResult result)
    {
        if (!votes.Any(vote => vote.IsReachable))
        {
            return $"no Sentinel is reachable: {List(votes.Select(vote => $"{vote.Sentinel} ({WhySilent(vote)})"))}";
        }

        SentinelVote[] reachable = [.. votes.Where(vote => vote.IsReachable)];
        if (reachable.All(vote => vote.HasNoSay))
        {
            IEnumerable<string> names = reachable.SelectMany(vote => vote.Report.MasterNames).Distinct();
            return $"no Sentinel knows a master named '{masterName}'; they know: {List(names.Order(StringComparer.Ordinal))}";
        }

        IEnumerable<string> objections = reachable
            .Where(vote => vote.Objection.Length > 0)
            .Select(vote => $"{vote.Sentinel}: {vote.Objection}");
        return reachable.All(vote => vote.Address is null) ? $"{result.Reason}: {List(objections)}" : result.Reason;
    }

    private void CommentObjections(IReadOnlyList<SentinelVote> votes)
    {
        foreach (SentinelVote vote in votes.Where(vote => vote.IsReachable))
        {
            string before = _objections.GetValueOrDefault(vote.Sentinel, "");
            _objections[vote.Sentinel] = vote.Objection;
            if (vote.Objection.Length > 0 && vote.Objection != before)
            {
                MasterLog.AnswerNotUsed(logger, vote.Sentinel, masterName, vote.Objection);
            }
        }
    }

    private void CommentGhosts(SentinelMajority majority)
    {
        string ghosts = List(majority.Ghosts);
        if (ghosts != _ghosts && ghosts.Length > 0)
        {
            MasterLog.Ghosts(logger, masterName, ghosts);
        }

        _ghosts = ghosts;
    }

    private void CommentLoss(IReadOnlyList<SentinelVote> votes)
    {
        SentinelVote[] reachable = [.. votes.Where(vote => vote.IsReachable)];
        if (_hasLostAll != (reachable.Length == 0))
        {
            _hasLostAll = reachable.Length == 0;
            if (_hasLostAll)
            {
                MasterLog.AllSentinelsLost(logger, masterName);
            }
            else
            {
                MasterLog.SentinelsAreBack(logger, masterName);
            }
        }

        bool isForgotten = reachable.Length > 0 && reachable.All(vote => vote.HasNoSay);
        if (isForgotten && !_isForgotten)
        {
            MasterLog.MasterForgotten(logger, masterName);
        }

        _isForgotten = isForgotten;
    }

    private static string WhySilent(SentinelVote vote) => vote.Report.Error.Length > 0 ? vote.Report.Error : "no answer yet";

    private static string List<T>(IEnumerable<T> words) => string.Join(", ", words);
}
