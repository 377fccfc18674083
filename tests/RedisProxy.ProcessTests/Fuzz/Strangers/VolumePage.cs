using System.Buffers.Text;
using System.Text;

namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>
/// A page of requests and, to the byte, of their replies. Both are made once and sent many times: only the page's number in all tokens is
/// written anew, so that no two replies of a run are the same and almost no time is spent on making and checking them.
/// </summary>
internal sealed class VolumePage
{
    private const int NumberChars = 9;

    // Two pages of 64 KiB, and their client would be so far ahead that it gets a link of its own.
    private const int Requests = 250;

    private const int MostBytes = 30 * 1024;

    private static readonly string Blank = new('#', NumberChars);

    private readonly int[] _numbersInRequests;
    private readonly int[] _numbersInReplies;
    private readonly int[] _numbersInCleanup;

    private VolumePage(StrangerStream stream)
    {
        Bytes = stream.ToBytes();
        Replies = [.. stream.Expected.SelectMany(static reply => reply.Exact!)];
        Count = stream.Expected.Count;
        _numbersInRequests = Find(Bytes);
        _numbersInReplies = Find(Replies);
        Cleanup = Words.Request(["UNLINK", .. stream.Keys]);
        _numbersInCleanup = Find(Cleanup);
    }

    public byte[] Bytes { get; }

    public byte[] Replies { get; }

    /// <summary>Requests in it.</summary>
    public int Count { get; }

    /// <summary>Removes whatever of it was executed.</summary>
    public byte[] Cleanup { get; }

    public long Number { get; private set; }

    public static VolumePage Make(Random random, Owner owner)
    {
        var stream = new StrangerStream(random, new Owner(owner, Blank));
        while (stream.Expected.Count < Requests && stream.Length < MostBytes)
        {
            bool isTransaction = random.Next(40) == 0;
            if (isTransaction)
            {
                stream.Begin();
            }

            for (int i = isTransaction ? random.Next(4) : 1; i > 0; i--)
            {
                OwnRequests.AddQuick(stream, largest: random.Next(60) == 0 ? 5000 : 0);
            }

            if (isTransaction)
            {
                stream.Execute();
            }
        }

        foreach (string[] keys in stream.Keys.Chunk(50).ToArray())
        {
            // Some are gone already; the next page has others, so how many there were is known.
            stream.Ask(Words.Ok, ["MSET", .. keys.SelectMany(static key => new[] { key, "" })]);
            stream.Ask(Words.Number(keys.Length), ["UNLINK", .. keys]);
        }

        return new VolumePage(stream);
    }

    /// <summary>From now on it is this one.</summary>
    public void Renumber(long number)
    {
        Number = number;
        Span<byte> digits = stackalloc byte[NumberChars];
        Assert.True(Utf8Formatter.TryFormat(number, digits, out _, new System.Buffers.StandardFormat('D', NumberChars)));
        Write(digits, Bytes, _numbersInRequests);
        Write(digits, Replies, _numbersInReplies);
        Write(digits, Cleanup, _numbersInCleanup);
    }

    private static void Write(ReadOnlySpan<byte> digits, byte[] bytes, int[] places)
    {
        foreach (int place in places)
        {
            digits.CopyTo(bytes.AsSpan(place));
        }
    }

    private static int[] Find(byte[] bytes)
    {
        byte[] blank = Encoding.Latin1.GetBytes(Blank);
        var places = new List<int>();
        for (int at = bytes.AsSpan().IndexOf(blank); at >= 0;)
        {
            places.Add(at);
            int next = bytes.AsSpan(at + NumberChars).IndexOf(blank);
            at = next < 0 ? -1 : at + NumberChars + next;
        }

        return [.. places];
    }
}
