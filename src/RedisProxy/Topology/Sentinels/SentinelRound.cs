using RedisProxy.Resp;

namespace RedisProxy.Topology;

/// <summary>A Sentinel's answers of one round, about all watched masters.</summary>
/// <param name="Answers">By master name; every watched one.</param>
/// <param name="Lists">By master name; empty when the round did not ask for lists.</param>
/// <param name="IsInTilt">Null when not asked or not answered.</param>
/// <param name="MasterNames">All masters it knows; null when not asked or not answered.</param>
internal sealed record SentinelRound(
    IReadOnlyDictionary<string, SentinelAnswer> Answers,
    IReadOnlyDictionary<string, SentinelLists> Lists,
    bool? IsInTilt,
    IReadOnlyList<string>? MasterNames)
{
    /// <summary>When it was asked: a timestamp of the clock.</summary>
    public long AskedAt { get; init; }
}

/// <summary>The questions of a round, and how the answers are read. Immutable.</summary>
internal sealed class SentinelQuestions
{
    private static readonly string[] Info = ["INFO", "sentinel"];

    private readonly string[] _masters;
    private readonly string[][] _brief;
    private readonly string[][] _full;

    public SentinelQuestions(IEnumerable<string> masters)
    {
        _masters = [.. masters];

        // MASTER before GET-MASTER-ADDR: a promotion in between yields a new address with an old epoch, which is not accepted yet,
        // and never an old address with a new epoch, which would be.
        _brief = [.. _masters.SelectMany(AskForMaster)];
        _full =
        [
            .. _brief,
            .. _masters.SelectMany(AskForLists),
            Info,
        ];
    }

    /// <param name="isFull">Also ask for lists, which are long and rarely change.</param>
    public IReadOnlyList<string[]> Ask(bool isFull) => isFull ? _full : _brief;

    public SentinelRound Read(RespValue[] replies, bool isFull)
    {
        var answers = new Dictionary<string, SentinelAnswer>();
        var lists = new Dictionary<string, SentinelLists>();
        for (int i = 0; i < _masters.Length; i++)
        {
            answers[_masters[i]] = SentinelAnswer.Read(replies[2 * i], replies[(2 * i) + 1]);
            if (isFull)
            {
                int at = _brief.Length + (2 * i);
                lists[_masters[i]] = SentinelLists.Read(replies[at], replies[at + 1]);
            }
        }

        RespValue? info = isFull && !replies[^1].IsError ? replies[^1] : null;
        return new SentinelRound(answers, lists, ReadTilt(info?.Text), ReadMasterNames(info?.Text));
    }

    private static string[][] AskForMaster(string name) => [["SENTINEL", "MASTER", name], ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name]];

    private static string[][] AskForLists(string name) => [["SENTINEL", "SENTINELS", name], ["SENTINEL", "REPLICAS", name]];

    private static bool? ReadTilt(string? info) => info?.Contains("sentinel_tilt:1", StringComparison.Ordinal);

    // master0:name=mymaster,status=ok,address=127.0.0.1:6379,slaves=2,sentinels=3
    private static List<string>? ReadMasterNames(string? info)
    {
        const string Mark = ":name=";
        return info?.Split('\n')
            .Where(line => line.StartsWith("master", StringComparison.Ordinal) && line.Contains(Mark, StringComparison.Ordinal))
            .Select(line => line[(line.IndexOf(Mark, StringComparison.Ordinal) + Mark.Length)..].Split(',')[0])
            .ToList();
    }
}
