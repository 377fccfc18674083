using System.Globalization;

namespace RedisProxy.Testing;

/// <summary>What a writer was told of one write.</summary>
public enum WriteOutcome
{
    /// <summary>The normal reply: it is stored, and must stay so.</summary>
    Acknowledged,

    /// <summary>LOADING, MASTERDOWN, TRYAGAIN or CLUSTERDOWN: the proxy says it surely was not executed.</summary>
    NotExecuted,

    /// <summary>Any other error but IOERR, such as READONLY: redis says it was not executed.</summary>
    OtherError,

    /// <summary>IOERR: the proxy says that nobody knows.</summary>
    Unknown,

    /// <summary>The connection ended, or no reply came in time: nobody says anything.</summary>
    Broken,
}

/// <summary>One write, from the writer's side. Numbers of a writer grow by one, so its elements are told apart and have an order.</summary>
/// <param name="Writer">From 0.</param>
/// <param name="Number">From 1; with the writer it names the element.</param>
/// <param name="Outcome">What the writer was told.</param>
/// <param name="Error">The first word of the error, or the exception's name; empty when acknowledged.</param>
/// <param name="SentAt">By the clock of the history.</param>
/// <param name="AnsweredAt">Likewise; when the connection broke, that moment.</param>
public readonly record struct WriteRecord(
    int Writer, int Number, WriteOutcome Outcome, string Error, TimeSpan SentAt, TimeSpan AnsweredAt)
{
    /// <summary>What is appended to the writer's list.</summary>
    public static string Element(int writer, int number) => string.Create(CultureInfo.InvariantCulture, $"w{writer}-{number}");

    /// <summary>What an error reply to a write says of its outcome.</summary>
    public static WriteOutcome OutcomeOf(string errorCode) => errorCode switch
    {
        "LOADING" or "MASTERDOWN" or "TRYAGAIN" or "CLUSTERDOWN" => WriteOutcome.NotExecuted,
        "IOERR" => WriteOutcome.Unknown,
        _ => WriteOutcome.OtherError,
    };
}
