using System.Globalization;

namespace RedisProxy.Testing;

/// <summary>The result of one write, as seen by its writer.</summary>
public enum WriteOutcome
{
    /// <summary>The normal reply: it is stored, and must stay so.</summary>
    Acknowledged,

    /// <summary>LOADING, MASTERDOWN, TRYAGAIN or CLUSTERDOWN: the proxy guarantees that it was not executed.</summary>
    NotExecuted,

    /// <summary>Any other error except IOERR, such as READONLY: redis says it was not executed.</summary>
    OtherError,

    /// <summary>IOERR: the outcome is unknown, even to the proxy.</summary>
    Unknown,

    /// <summary>The connection ended, or no reply came in time.</summary>
    Broken,
}

/// <summary>One write, as seen by its writer. Numbers of a writer grow by one, which makes its elements distinct and ordered.</summary>
/// <param name="Writer">From 0.</param>
/// <param name="Number">From 1; together with the writer it names the element.</param>
/// <param name="Outcome">As seen by the writer.</param>
/// <param name="Error">The first word of the error, or the exception's name; empty if acknowledged.</param>
/// <param name="SentAt">On the clock of the history.</param>
/// <param name="AnsweredAt">Likewise; when the connection broke, if it did.</param>
public readonly record struct WriteRecord(
    int Writer, int Number, WriteOutcome Outcome, string Error, TimeSpan SentAt, TimeSpan AnsweredAt)
{
    /// <summary>The element appended to the writer's list.</summary>
    public static string Element(int writer, int number) => string.Create(CultureInfo.InvariantCulture, $"w{writer}-{number}");

    /// <summary>The outcome of a write according to its error reply.</summary>
    public static WriteOutcome OutcomeOf(string errorCode) => errorCode switch
    {
        "LOADING" or "MASTERDOWN" or "TRYAGAIN" or "CLUSTERDOWN" => WriteOutcome.NotExecuted,
        "IOERR" => WriteOutcome.Unknown,
        _ => WriteOutcome.OtherError,
    };
}
