namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>What one client says, in the order in which it says it, and every reply that it must get for it.</summary>
internal sealed class StrangerStream(Random random, Owner owner)
{
    private readonly List<byte> _bytes = [];
    private List<byte[]>? _queued;

    public Owner Owner => owner;

    public Random Random => random;

    /// <summary>2 or 3, as of the last request.</summary>
    public int Protocol { get; set; } = 2;

    /// <summary>What CLIENT GETNAME says; empty: nothing.</summary>
    public string Name { get; set; } = "";

    /// <summary>It waits at the server: who says then that it sends no more gets no reply.</summary>
    public bool Waits { get; set; }

    public bool IsInTransaction => _queued is not null;

    public List<Expectation> Expected { get; } = [];

    /// <summary>For each of these, where the request ends to which it is the reply.</summary>
    public List<int> Ends { get; } = [];

    /// <summary>Only after so many replies are the bytes from this offset on sent.</summary>
    public List<(int At, int Replies)> Pauses { get; } = [];

    /// <summary>Keys of this stream.</summary>
    public List<string> Keys { get; } = [];

    public int Length => _bytes.Count;

    public byte[] ToBytes() => [.. _bytes];

    public string NewKey()
    {
        Keys.Add("k" + owner.Token());
        return Keys[^1];
    }

    /// <summary>A request and the only reply that it may have; within a transaction that comes with EXEC.</summary>
    public void Ask(byte[] reply, params string[] words)
    {
        Say(Words.Request([AnyCase(words[0]), .. words[1..]]));
        Promise(reply);
    }

    /// <summary>A request of which only this is known of the reply.</summary>
    public void AskLike(string kinds, string contains, params string[] words)
    {
        Say(Words.Request([AnyCase(words[0]), .. words[1..]]));
        Add(Expectation.Like(kinds, contains));
    }

    public void Promise(byte[] reply)
    {
        _queued?.Add(reply);
        Add(Expectation.Of(_queued is null ? reply : Words.Queued));
    }

    /// <summary>Bytes to which nothing is replied, or what is replied has been promised.</summary>
    public void Say(ReadOnlySpan<byte> bytes) => _bytes.AddRange(bytes);

    public void Say(string bytes) => Say(Words.Bytes(bytes));

    public void Begin()
    {
        Ask(Words.Ok, "MULTI");
        _queued = [];
    }

    public void Execute()
    {
        byte[] reply = Words.Array([.. _queued!]);
        _queued = null;
        Ask(reply, "EXEC");
    }

    public void Discard()
    {
        _queued = null;
        Ask(Words.Ok, "DISCARD");
    }

    /// <summary>What follows is sent only when all is answered.</summary>
    public void Await() => Pauses.Add((_bytes.Count, Expected.Count));

    private void Add(Expectation reply)
    {
        Expected.Add(reply);
        Ends.Add(_bytes.Count);
    }

    private string AnyCase(string word) => random.Next(8) switch
    {
        0 => word.ToLowerInvariant(),
        1 => string.Concat(word.Select(c => random.Next(2) == 0 ? char.ToLowerInvariant(c) : c)),
        _ => word,
    };
}
