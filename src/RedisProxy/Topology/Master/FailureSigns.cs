using System.Net;

using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// What the flags of all reachable Sentinels say about the accepted master, summed up. A Sentinel in TILT does not count: its clock
/// jumped, so its flags mean nothing. A Sentinel whose flags are about another address does not count either.
/// <para>
/// <c>o_down</c> should mean that a quorum has agreed. Valkey's Sentinels remember after a failover that the others took the master for
/// down, and count that for the next one too: then one of them says <c>o_down</c> on its own. It is believed unless so many of the others
/// say that the master is up that there can be no quorum.
/// </para>
/// </summary>
/// <param name="IsDoubted">Somebody says <c>s_down</c> or <c>o_down</c>.</param>
/// <param name="IsSaidDown">Somebody says <c>o_down</c> and may be right, or a quorum says <c>s_down</c>.</param>
/// <param name="IsFailingOver">Somebody says <c>failover_in_progress</c>.</param>
/// <param name="IsOrdered">Somebody says <c>failover_in_progress</c> and not <c>o_down</c>: it was asked for that failover.</param>
/// <param name="Who">Those who say any of it.</param>
internal sealed record FailureSigns(bool IsDoubted, bool IsSaidDown, bool IsFailingOver, bool IsOrdered, string Who)
{
    public static FailureSigns None { get; } = new(false, false, false, false, "");

    /// <summary>As long as they say this, the master is not taken for healthy.</summary>
    public bool Any => IsSaidDown || IsFailingOver;

    public static FailureSigns Read(IReadOnlyCollection<SentinelVote> votes, IPEndPoint master)
    {
        var speakers = new List<HostEndpoint>();
        int down = 0;
        int up = 0;
        int quorum = int.MaxValue;
        bool isObjective = false;
        bool isFailingOver = false;
        bool isOrdered = false;
        foreach (SentinelVote vote in votes.Where(vote => vote.IsReachable && !vote.Report.IsInTilt && master.Equals(vote.Described)))
        {
            SentinelAnswer answer = vote.Report.Answer!;
            quorum = Math.Min(quorum, Math.Max(1, answer.Quorum));
            down += answer.SaysSubjectivelyDown ? 1 : 0;
            up += answer.SaysSubjectivelyDown || answer.SaysObjectivelyDown ? 0 : 1;
            isObjective |= answer.SaysObjectivelyDown;
            isFailingOver |= answer.SaysFailingOver;
            isOrdered |= answer.SaysFailingOver && !answer.SaysObjectivelyDown;
            if (answer.SaysSubjectivelyDown || answer.SaysObjectivelyDown || answer.SaysFailingOver)
            {
                speakers.Add(vote.Sentinel);
            }
        }

        bool canBeObjective = up == 0 || votes.Count(vote => !vote.HasNoSay) - up >= quorum;
        return new FailureSigns(
            IsDoubted: down > 0 || isObjective,
            IsSaidDown: (isObjective && canBeObjective) || down >= quorum,
            isFailingOver,
            isOrdered,
            string.Join(", ", speakers));
    }
}
