namespace RedisProxy.ProcessTests.Clients;

internal enum ClientErrorKind
{
    /// <summary>The proxy's UNKNOWN.</summary>
    Unknown,

    /// <summary>The proxy's NOT-EXECUTED.</summary>
    NotExecuted,

    /// <summary>Anything else, such as what a client says of a closed connection.</summary>
    Other,
}

/// <summary>What a client told its application, and about which writes.</summary>
internal sealed record ClientError(string Text, IReadOnlyList<long> Of)
{
    // Clients put their own words around the proxy's text, and some cut its code off.
    public ClientErrorKind Kind =>
        Text.Contains("the outcome of the command is unknown", StringComparison.Ordinal) ? ClientErrorKind.Unknown
        : Text.Contains("the command was not executed", StringComparison.Ordinal) ? ClientErrorKind.NotExecuted
        : ClientErrorKind.Other;

    /// <summary>The type of the client's error.</summary>
    public string Type => Text.Split(':', 2)[0];
}
