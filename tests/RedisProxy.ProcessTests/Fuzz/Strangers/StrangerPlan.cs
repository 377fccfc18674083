using System.Globalization;
using System.Text;

namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>Everything that one client does: its bytes, in which pieces, how it reads, and how it leaves.</summary>
internal sealed record StrangerPlan
{
    public required Owner Owner { get; init; }

    public required byte[] Bytes { get; init; }

    public required IReadOnlyList<Expectation> Expected { get; init; }

    /// <summary>See <see cref="StrangerStream.Ends"/>.</summary>
    public required IReadOnlyList<int> Ends { get; init; }

    /// <summary>See <see cref="StrangerStream.Pauses"/>.</summary>
    public required IReadOnlyList<(int At, int Replies)> Pauses { get; init; }

    /// <summary>Bytes of each write, in order; the last one is that of all further writes.</summary>
    public required IReadOnlyList<int> Pieces { get; init; }

    /// <summary>After so many bytes it goes away by itself, whatever is owed; null: it stays to the end.</summary>
    public int? CutAt { get; init; }

    /// <summary>With <see cref="CutAt"/>: so many replies it waits for before that.</summary>
    public int RepliesBeforeCut { get; init; }

    /// <summary>It goes away with a reset.</summary>
    public bool Resets { get; init; }

    /// <summary>It says that it sends no more, instead of QUIT.</summary>
    public bool HalfCloses { get; init; }

    /// <summary>It reads nothing before this.</summary>
    public TimeSpan ReadsAfter { get; init; }

    /// <summary>Bytes that it reads at a time.</summary>
    public int ReadBytes { get; init; } = 64 * 1024;

    public StrangerEnd End { get; init; }

    /// <summary>The last that was said up to the request to which this reply is due, for people.</summary>
    public string Around(int reply)
    {
        int end = reply < Ends.Count ? Ends[reply] : Bytes.Length;
        int begin = Math.Max(0, end - 700);
        return Encoding.Latin1.GetString(Bytes, begin, end - begin).Replace("\r\n", "⏎", StringComparison.Ordinal);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Owner.Id}: {Bytes.Length} bytes, {Expected.Count} replies, {Pieces.Count} pieces, cut {CutAt}, {(Resets ? "reset, " : "")}"
        + $"{(HalfCloses ? "half-close, " : "")}reads after {ReadsAfter.TotalMilliseconds} ms by {ReadBytes}, end {End}");
}
