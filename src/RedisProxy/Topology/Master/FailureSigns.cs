using System.Net;

using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// What the flags of all reachable Sentinels say about the accepted master, combined. A Sentinel in TILT does not count: its clock
/// jumped, so its flags mean nothing. Nor does a Sentinel whose flags are about another address.
/// <para>
/// <c>o_down</c> should mean that a quorum has agreed. After a failover, Valkey's Sentinels remember that the others considered the
/// master down and count that for the next failover too, so a single one of them can report <c>o_down</c> on its own. It is trusted
/// unless so many others report the master up that there can be no quorum.
/// </para>
/// </summary>
/// <param name="IsDoubted">At least one Sentinel reports <c>s_down</c> or <c>o_down</c>.</param>
/// <param name="IsSaidDown">A Sentinel reports a plausible <c>o_down</c>, or a quorum reports <c>s_down</c>.</param>
/// <param name="IsFailingOver">A Sentinel reports <c>failover_in_progress</c>.</param>
/// <param name="IsOrdered">A Sentinel reports <c>failover_in_progress</c> without <c>o_down</c>: that failover was requested.</param>
/// <param name="Who">The Sentinels that report any of these.</param>
internal sealed record FailureSigns(bool IsDoubted, bool IsSaidDown, bool IsFailingOver, bool IsOrdered, string Who)
{
    public static FailureSigns None { get; } = new(false, false, false, false, "");

    /// <summary>While this is true, the master is not considered healthy.</summary>
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
