using System.Globalization;

namespace RedisProxy.Admin;

/// <summary>Hot and big keys as text, for a terminal.</summary>
internal static class HotKeysText
{
    public static string Of(HotKeysAnswer answer)
    {
        string notCounted = answer.NotCounted > 0 ? Invariant($", and {answer.NotCounted} requests of further keys") : "";
        string head = Invariant($"{answer.Requests} requests sampled in {answer.Seconds:0.#} s, {answer.Keys} keys{notCounted}\n");
        return answer.Keys == 0 ? head : $"{head}\nmost requests\n{Table(answer.Hot, answer)}\nlargest\n{Table(answer.Big, answer)}";
    }

    private static string Table(IReadOnlyList<KeyStatus> keys, HotKeysAnswer answer) => string.Concat(TextTable.LinesOf(
        [
            ["REQUESTS", "SHARE", "BYTES", "KEY"],
            .. keys.Select(key => new[]
            {
                Invariant($"{key.Requests}"),
                Invariant($"{100.0 * key.Requests / answer.Requests:0.0} %"),
                Invariant($"{key.LargestBytes}"),
                key.Key,
            }),
        ])
        .Select(static line => $"{line}\n"));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
