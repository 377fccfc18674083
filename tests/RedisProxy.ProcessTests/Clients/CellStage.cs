namespace RedisProxy.ProcessTests.Clients;

/// <summary>What one driver said and did in one stage.</summary>
internal sealed class CellStage
{
    /// <summary>Numbers of writes that were acknowledged, of messages, or of elements popped; in the order they were told.</summary>
    public List<long> Acknowledged { get; } = [];

    public List<ClientError> Errors { get; } = [];

    /// <summary>Replies that did not belong to their requests.</summary>
    public List<string> Wrong { get; } = [];

    public List<string> Notes { get; } = [];

    /// <summary>Between two acknowledgements.</summary>
    public TimeSpan LongestPause { get; set; }

    /// <summary>Connections to the proxy at the beginning, at the end, and at any time that was looked.</summary>
    public IReadOnlySet<long> Before { get; set; } = new HashSet<long>();

    public IReadOnlySet<long> After { get; set; } = new HashSet<long>();

    public HashSet<long> Seen { get; } = [];

    /// <summary>How many of the acknowledgements came before the master was stopped; only the last ones of these may be lost.</summary>
    public int AcknowledgedBeforeIncident { get; set; }

    /// <summary>The driver ended, or did not go on.</summary>
    public string? Problem { get; set; }

    /// <summary>The application had to connect or to subscribe again itself.</summary>
    public bool ApplicationConnectsAgain => Notes.Contains("again");

    public int Kept => Before.Count(After.Contains);

    public int Opened => Seen.Count(connection => !Before.Contains(connection));
}
