using System.Globalization;
using System.Text;

namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>
/// Compares what one client receives with what it must receive, byte by byte as it arrives. It knows replies by their content, so that one
/// that belongs to somebody else, comes in another order, is missing or too much is found.
/// </summary>
/// <param name="owner">The client.</param>
/// <param name="expected">In order.</param>
/// <param name="isKnown">See <see cref="Owner.FindForeign"/>.</param>
internal sealed class ReplyJudge(Owner owner, IReadOnlyList<Expectation> expected, Predicate<string> isKnown)
{
    private byte[] _pending = [];
    private bool _isRefused;

    /// <summary>What comes after the expected replies.</summary>
    public StrangerEnd End { get; init; }

    /// <summary>Replies that were right.</summary>
    public int Answered { get; private set; }

    /// <summary>Null: all is well so far.</summary>
    public string? Fault { get; private set; }

    /// <summary>The fault is a reply that belongs to another client, or to another request.</summary>
    public bool IsCrossed { get; private set; }

    public bool IsComplete => Answered == expected.Count;

    public void Take(ReadOnlySpan<byte> bytes)
    {
        _pending = [.. _pending, .. bytes];
        int at = 0;
        while (Fault is null && at < _pending.Length && TakeFrame(_pending.AsSpan(at)) is var length and > 0)
        {
            at += length;
        }

        if (Fault is null && owner.FindForeign(_pending, isKnown) is { } other)
        {
            Blame($"a reply that belongs to {other}", _pending);
        }

        _pending = at == 0 ? _pending : _pending[at..];
    }

    /// <summary>The connection has ended.</summary>
    public void OnEnd()
    {
        if (Fault is null && !IsComplete)
        {
            Fault = string.Create(CultureInfo.InvariantCulture,
                $"{owner.Id}: the connection ended with {expected.Count - Answered} replies owed, the next is {expected[Answered]}");
        }
        else if (Fault is null && _pending.Length > 0 && End != StrangerEnd.Anything)
        {
            Blame("the connection ended within a reply", _pending);
        }
    }

    public void OnSilence() => Fault ??= IsComplete
        ? $"{owner.Id}: the connection was not ended"
        : string.Create(CultureInfo.InvariantCulture,
            $"{owner.Id}: no reply; {expected.Count - Answered} are owed, the next is {expected[Answered]}");

    private int TakeFrame(ReadOnlySpan<byte> bytes)
    {
        if (!IsComplete)
        {
            return TakeExpected(bytes, expected[Answered]);
        }

        if (End == StrangerEnd.Anything)
        {
            // Only names are looked for.
            return 0;
        }

        int length = TryMeasure(bytes);
        if (length > 0 && (End != StrangerEnd.Refusal || _isRefused || bytes[0] != '-'))
        {
            Blame("a reply too much", bytes);
        }

        _isRefused = length > 0;
        return length;
    }

    private int TakeExpected(ReadOnlySpan<byte> bytes, Expectation next)
    {
        if (next.Exact is { } exact)
        {
            int compared = Math.Min(exact.Length, bytes.Length);
            if (!bytes[..compared].SequenceEqual(exact.AsSpan(0, compared)))
            {
                Blame($"not {next}", bytes);
                return 0;
            }

            Answered += compared == exact.Length ? 1 : 0;
            return compared == exact.Length ? compared : 0;
        }

        int length = TryMeasure(bytes);
        if (length > 0 && !next.Accepts(bytes[..length]))
        {
            Blame($"not {next}", bytes);
            return 0;
        }

        Answered += length > 0 ? 1 : 0;
        return length;
    }

    private int TryMeasure(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Frames.LengthOf(bytes);
        }
        catch (FormatException e)
        {
            Blame(e.Message, bytes);
            return 0;
        }
    }

    private void Blame(string what, ReadOnlySpan<byte> bytes)
    {
        string? other = owner.FindForeign(bytes, isKnown);
        IsCrossed = other is not null || (Answered < expected.Count && bytes.IndexOf(Encoding.Latin1.GetBytes(owner.Id)) >= 0);
        string text = Encoding.Latin1.GetString(bytes[..Math.Min(400, bytes.Length)]);
        string whose = other is null ? "" : " of " + other;
        Fault = string.Create(CultureInfo.InvariantCulture,
            $"{owner.Id}, reply {Answered + 1} of {expected.Count}: {what}, but{whose} {Frames.Show(text)}");
    }
}

/// <summary>What a client may receive behind the replies that it must get.</summary>
internal enum StrangerEnd
{
    /// <summary>The end of the connection.</summary>
    Nothing,

    /// <summary>An error, or nothing; then the end.</summary>
    Refusal,

    /// <summary>Whatever does not belong to anybody else; perhaps no end.</summary>
    Anything,
}
