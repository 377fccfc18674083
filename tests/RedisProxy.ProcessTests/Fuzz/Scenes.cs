using System.Globalization;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>Requests and faults that chance would seldom bring together. Each scene is about one rule.</summary>
internal sealed class Scenes(Random random, RequestGenerator requests)
{
    // More than a ledger of requests has entries before it looks for those that it can count.
    private const int Deep = 9_000;

    // 80,000 bytes each, which is beyond what redis keeps for a client that does not read.
    private const int TooMuch = 200;

    public IEnumerable<FuzzStep> Any(FuzzSettings settings)
    {
        // With the settings of some proxies only; so these are the more frequent there.
        if (settings.HasLease && random.Next(4) > 0)
        {
            return HeldUp();
        }

        bool isOfPatience = settings.IsPatient && random.Next(4) > 0;
        return (isOfPatience, random.Next(isOfPatience ? 3 : 4)) switch
        {
            (true, 0) => ReadThatEndsItsConnection(),
            (true, 1) => EndedWait(),
            (true, _) => MissingReplicas(),
            (_, 0) => DeepPipeline(),
            (_, 1) => RefusedMulti(),
            (_, 2) => NameAndUser(),
            _ => DeepReply(),
        };
    }

    /// <summary>A client writes without end before it reads.</summary>
    private IEnumerable<FuzzStep> DeepPipeline() =>
    [
        FuzzStep.Of(FuzzEvent.HoldReplies),
        Said(FuzzRequest.Many(Deep)),
        .. Some(),
        FuzzStep.Of(FuzzEvent.Pause, random.Next(20)),
        .. random.Next(3) == 0 ? [Loss()] : Array.Empty<FuzzStep>(),
        FuzzStep.Of(FuzzEvent.ReleaseReplies),
    ];

    /// <summary>What is meant for a transaction is executed at once, because there is none; and the answers are lost.</summary>
    private IEnumerable<FuzzStep> RefusedMulti() =>
    [
        Said(RequestGenerator.State("AUTH", "solo", "solopw")),
        FuzzStep.Of(FuzzEvent.Drain),
        FuzzStep.Of(FuzzEvent.HoldReplies),
        .. Transaction()[..2],
        FuzzStep.Of(FuzzEvent.Pause, 2 + random.Next(20)),
        Loss(),
        FuzzStep.Of(FuzzEvent.ReleaseReplies),
        Transaction()[2],
    ];

    /// <summary>A name that the connection has, and a user who may not say it, unless it comes with HELLO.</summary>
    private IEnumerable<FuzzStep> NameAndUser() =>
    [
        .. random.Next(2) == 0
            ? new[]
            {
                Said(RequestGenerator.State("CLIENT", "SETNAME", "n" + requests.Token())),
                Said(random.Next(2) == 0
                    ? RequestGenerator.State("AUTH", "mid", "midpw")
                    : RequestGenerator.State("HELLO", random.Next(2) == 0 ? "2" : "3", "AUTH", "mid", "midpw")),
            }
            : [Said(RequestGenerator.State("HELLO", "3", "AUTH", "mid", "midpw", "SETNAME", "n" + requests.Token()))],
        FuzzStep.Of(FuzzEvent.Drain),
        FuzzStep.Of(FuzzEvent.Switch),
        .. Some(),
    ];

    /// <summary>Tables in tables; one contains itself, until redis has enough of it.</summary>
    private IEnumerable<FuzzStep> DeepReply() =>
    [
        Said(FuzzRequest.Of(
            RequestNature.Nested,
            "EVAL",
            random.Next(2) == 0
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"local t = {{}} for i = 1, {random.Next(100, 4000)} do t = {{1, t, 2}} end return t")
                : "local t = {} t[1] = t return t",
            "0")),
        .. Some(),
    ];

    /// <summary>Its reply is more than the server keeps for a client, each time that it is asked.</summary>
    private IEnumerable<FuzzStep> ReadThatEndsItsConnection() =>
    [
        .. random.Next(2) == 0 ? [FuzzStep.Of(FuzzEvent.Switch)] : Array.Empty<FuzzStep>(),
        Said(FuzzRequest.Of(RequestNature.Ends | RequestNature.IsOdd, ["MGET", .. Enumerable.Repeat("big", TooMuch)])
            with { Words = $"MGET big{TooMuch}" }),
        .. Some(),
    ];

    /// <summary>There was a failover, and the replicas of the new master come a moment later.</summary>
    private IEnumerable<FuzzStep> MissingReplicas() =>
    [
        FuzzStep.Of(FuzzEvent.Drain),
        FuzzStep.Of(FuzzEvent.Switch),
        .. Some(),
        FuzzStep.Of(FuzzEvent.Drain),
        FuzzStep.Of(FuzzEvent.LoseReplicas),

        // One write: a second one could be executed, and would keep the first one from being sent again.
        .. random.Next(2) == 0 ? [Said(Write())] : Transaction(),
        FuzzStep.Of(FuzzEvent.Pause, random.Next(20)),
        FuzzStep.Of(FuzzEvent.Promote),
    ];

    /// <summary>A client waits in a pop when a failover is announced.</summary>
    private IEnumerable<FuzzStep> EndedWait() =>
    [
        .. random.Next(3) == 0 ? Some() : [],
        FuzzStep.Of(FuzzEvent.Drain),
        Said(FuzzRequest.Of(RequestNature.Blocks, random.Next(2) == 0 ? ["BLPOP", "q1", "0.07"] : ["BLMPOP", "0.07", "1", "q1", "LEFT"])),
        FuzzStep.Of(FuzzEvent.Pause, random.Next(10)),
        FuzzStep.Of(FuzzEvent.PlannedHold),
        FuzzStep.Of(FuzzEvent.EndWaits),
        .. random.Next(2) == 0 ? [FuzzStep.Of(FuzzEvent.Pause, random.Next(4))] : Array.Empty<FuzzStep>(),
        FuzzStep.Of(FuzzEvent.Switch),
        .. random.Next(3) == 0 ? [FuzzStep.Of(FuzzEvent.Push)] : Array.Empty<FuzzStep>(),
    ];

    /// <summary>The proxy is stopped while its master is replaced.</summary>
    private IEnumerable<FuzzStep> HeldUp() =>
    [
        FuzzStep.Of(FuzzEvent.Drain),
        Said(requests.Read()),
        FuzzStep.Of(FuzzEvent.Drain),
        FuzzStep.Of(FuzzEvent.Freeze),
        .. Some(),
        FuzzStep.Of(FuzzEvent.Thaw, random.Next(4)),
    ];

    private List<FuzzStep> Some() =>
        [.. Enumerable.Range(0, 1 + random.Next(3)).Select(_ => Said(random.Next(2) == 0 ? Write() : requests.Read()))];

    private FuzzStep[] Transaction() =>
    [
        Said(FuzzRequest.Of(RequestNature.Multi, "MULTI")),
        Said(Write()),
        Said(FuzzRequest.Of(RequestNature.Exec, "EXEC")),
    ];

    // It shows that it was executed twice.
    private FuzzRequest Write()
    {
        string token = requests.Token();
        return FuzzRequest.Of(random.Next(2) == 0 ? ["INCR", "k" + token] : ["RPUSH", "k" + token, "v" + token]) with { Token = token };
    }

    private FuzzStep Loss() => FuzzStep.Of(random.Next(3) switch { 0 => FuzzEvent.Reset, 1 => FuzzEvent.Close, _ => FuzzEvent.Switch });

    private FuzzStep Said(FuzzRequest request) => new(request, 0, null, random.Next(2) == 0);
}
