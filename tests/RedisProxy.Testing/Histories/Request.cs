namespace RedisProxy.Testing.Histories;

/// <summary>What became of a request, for the models that follow a connection's own data.</summary>
/// <param name="Outcome">What its client was told.</param>
/// <param name="Error">The error's code, or why the connection ended; empty when acknowledged.</param>
/// <param name="SentAt">By the clock of the history.</param>
/// <param name="AnsweredAt">Likewise.</param>
internal readonly record struct Settlement(WriteOutcome Outcome, string Error, TimeSpan SentAt, TimeSpan AnsweredAt);

/// <summary>One request, and all that can be said beforehand of its reply.</summary>
internal sealed class Request(params string[] words)
{
    private const int MaxShownChars = 48;

    // Those that redis itself calls so. Others change nothing either, but only of these the contract speaks.
    private static readonly string[] ReadCommands = ["GET", "LRANGE", "HGETALL"];

    public IReadOnlyList<string> Words { get; } = words;

    /// <summary>For counts.</summary>
    public string Command => Words[0];

    /// <summary>What it is about; of a violation only requests with the same subject are shown. Null: nothing but itself.</summary>
    public string? Subject { get; init; }

    /// <summary>Of a reply that is no error: null when it is right.</summary>
    public required Func<RawReply, Finding?> Judge { get; init; }

    /// <summary>Told exactly once, in the order in which the requests were sent.</summary>
    public Action<Settlement>? Settled { get; init; }

    /// <summary>The transaction that it belongs to; WATCH begins one.</summary>
    public Transaction? Transaction { get; init; }

    /// <summary>EXEC or DISCARD.</summary>
    public bool EndsTransaction { get; init; }

    /// <summary>Waits at the server for something to come.</summary>
    public bool IsBlocking { get; init; }

    /// <summary>The reply may be cut in two by a failover: the proxy streams what it cannot keep.</summary>
    public bool HasLargeReply { get; init; }

    /// <summary>Changes nothing, so nobody need leave its outcome open.</summary>
    public bool IsRead { get; init; }

    /// <summary>What follows on the connection makes no sense without it, so the connection is given up when it fails.</summary>
    public bool IsEssential { get; init; }

    /// <summary>Is sent again when its reply is lost; inside a transaction it is a part of something that is not.</summary>
    public bool IsSentAgain => IsRead && Transaction is null && ReadCommands.Contains(Command);

    public byte[] ToBytes() => RawClient.Command([.. Words]);

    /// <summary>An error reply; null when this request cannot get it.</summary>
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
