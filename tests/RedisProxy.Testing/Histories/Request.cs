namespace RedisProxy.Testing.Histories;

/// <summary>The result of a request, for the models that track a connection's own data.</summary>
/// <param name="Outcome">As seen by its client.</param>
/// <param name="Error">The error's code, or why the connection ended; empty if acknowledged.</param>
/// <param name="SentAt">On the clock of the history.</param>
/// <param name="AnsweredAt">Likewise.</param>
internal readonly record struct Settlement(WriteOutcome Outcome, string Error, TimeSpan SentAt, TimeSpan AnsweredAt);

/// <summary>One request, and everything known beforehand about its reply.</summary>
internal sealed class Request(params string[] words)
{
    private const int MaxShownChars = 48;

    // Those that redis calls reads. Others change nothing either, but the contract covers only these.
    private static readonly string[] ReadCommands = ["GET", "LRANGE", "HGETALL"];

    public IReadOnlyList<string> Words { get; } = words;

    /// <summary>For counts.</summary>
    public string Command => Words[0];

    /// <summary>A violation shows only requests with the same subject. Null: itself only.</summary>
    public string? Subject { get; init; }

    /// <summary>Judges a reply that is not an error: null if it is right.</summary>
    public required Func<RawReply, Finding?> Judge { get; init; }

    /// <summary>Called exactly once, in the order of sending.</summary>
    public Action<Settlement>? Settled { get; init; }

    /// <summary>The transaction that it belongs to; WATCH begins one.</summary>
    public Transaction? Transaction { get; init; }

    /// <summary>EXEC or DISCARD.</summary>
    public bool EndsTransaction { get; init; }

    /// <summary>Waits at the server for an element.</summary>
    public bool IsBlocking { get; init; }

    /// <summary>A failover may cut the reply in two: the proxy streams what it cannot keep.</summary>
    public bool HasLargeReply { get; init; }

    /// <summary>Changes nothing, so its outcome is never unknown.</summary>
    public bool IsRead { get; init; }

    /// <summary>Later requests depend on it, so the connection is closed if it fails.</summary>
    public bool IsEssential { get; init; }

    /// <summary>Sent again if its reply is lost; not inside a transaction, which is not sent again.</summary>
    public bool IsSentAgain => IsRead && Transaction is null && ReadCommands.Contains(Command);

    public byte[] ToBytes() => RawClient.Command([.. Words]);

    /// <summary>The meaning of an error reply; null if this request cannot get it.</summary>
    public WriteOutcome? OutcomeOf(string errorCode) => (errorCode, WriteRecord.OutcomeOf(errorCode)) switch
    {
        (_, WriteOutcome.NotExecuted or WriteOutcome.Unknown) => WriteRecord.OutcomeOf(errorCode),
        ("READONLY", _) when !IsRead => WriteOutcome.OtherError,
        ("UNBLOCKED", _) when IsBlocking => WriteOutcome.OtherError,
        ("EXECABORT", _) when Command == "EXEC" => WriteOutcome.OtherError,
        // After a MULTI that was not executed, as its reply said.
        ("ERR", _) when EndsTransaction && Transaction!.HasFailed => WriteOutcome.OtherError,
        _ => null,
    };

    public override string ToString() =>
        string.Join(' ', Words.Select(word => word.Length > MaxShownChars ? $"{word[..MaxShownChars]}…({word.Length})" : word));
}
