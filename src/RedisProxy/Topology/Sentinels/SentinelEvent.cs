namespace RedisProxy.Topology;

/// <summary>One event of a Sentinel. A hint, never the truth: the Sentinel is then asked.</summary>
/// <param name="Name">The channel: <c>+switch-master</c>.</param>
/// <param name="Payload">As on the wire.</param>
internal sealed record SentinelEvent(string Name, string Payload)
{
    /// <summary>The leader looks for a replica to promote. It names it one period later, and promotes it after another one.</summary>
    public bool IsReplicaSought => Name == "+failover-state-select-slave";

    /// <summary>The leader is about to promote a replica; from now on the old master's acknowledgements may be lost.</summary>
    public bool IsPromotionBegun => Name == "+failover-state-send-slaveof-noone";

    /// <summary>The promotion command has been sent to the replica.</summary>
    public bool IsPromotionSent => Name == "+failover-state-wait-promotion";

    /// <summary>The Sentinel considers the master down, and enough others agree: its flags contain <c>o_down</c> from now on.</summary>
    public bool IsSaidDown => Name == "+odown";

    public bool IsFailoverAborted => Name.StartsWith("-failover-abort-", StringComparison.Ordinal);

    /// <summary>The Sentinel that sent it has a different answer from now on.</summary>
    public bool IsDecisive => Name is "+promoted-slave" or "+switch-master" or "+config-update-from";

    /// <summary>The Sentinel has started or stopped monitoring the master: what it knew of epochs is gone.</summary>
    public bool IsMonitoredAnew => Name is "+monitor" or "-monitor";

    public bool IsTilt => Name is "+tilt" or "-tilt";

    /// <summary>It carries more than the hint to ask.</summary>
    public bool IsOfUse =>
        IsTilt || IsSaidDown || IsReplicaSought || IsPromotionBegun || IsPromotionSent || IsFailoverAborted || IsMonitoredAnew;

    public bool ChangesLists =>
        Name is "+sentinel" or "+slave" or "-dup-sentinel" or "+sentinel-address-switch" or "+switch-master" or "+reset-master"
            or "+monitor" or "-monitor" or "+convert-to-slave";

    /// <summary>The name of the master it is about; null when it is about none: <c>+tilt</c>, <c>+new-epoch</c>.</summary>
    public string? MasterName => Subject is { Count: > 0 } subject ? subject[0] : null;

    /// <summary>The address of that master, as the Sentinel knew it when it sent the event.</summary>
    public (string Host, string Port)? MasterAddress => Subject is { Count: >= 3 } subject ? (subject[1], subject[2]) : null;

    /// <summary>
    /// Name, host and port of the master: after <c>@</c>, or after <c>master</c> when the event is about itself, or from the start in
    /// <c>+switch-master</c>.
    /// </summary>
    private ArraySegment<string> Subject
    {
        get
        {
            string[] words = Payload.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            int at = Array.IndexOf(words, "@");
            if (at >= 0)
            {
                return new ArraySegment<string>(words, at + 1, words.Length - at - 1);
            }

            return words switch
            {
                ["master", ..] => new ArraySegment<string>(words, 1, words.Length - 1),
                _ when Name == "+switch-master" => words,
                _ => ArraySegment<string>.Empty,
            };
        }
    }
}
