namespace RedisProxy.SentinelFacade;

/// <summary>Answers one request.</summary>
/// <param name="arguments">As many as the arity requires, the command's name first.</param>
internal delegate void FacadeHandler(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments);

/// <summary>A command of the facade, or one subcommand.</summary>
/// <param name="Name">In full and in lower case: <c>sentinel|masters</c>.</param>
/// <param name="Arity">Arguments, including the name; -n is n or more (redis.io/commands/command).</param>
/// <param name="Kind">For metrics.</param>
/// <param name="Summary">One sentence without a full stop, for HELP and COMMAND DOCS.</param>
/// <param name="Answer">Writes the reply.</param>
internal sealed record FacadeCommand(string Name, int Arity, FacadeCommandKind Kind, string Summary, FacadeHandler Answer)
{
    /// <summary>Allowed before authentication.</summary>
    public bool IsForStrangers { get; init; }

    /// <summary>Allowed for RESP2 subscribers.</summary>
    public bool IsForSubscribers { get; init; }

    public IReadOnlyList<FacadeCommand> Subcommands { get; init; } = [];

    /// <summary>Follows the name in HELP.</summary>
    public string Usage { get; init; } = "";

    /// <summary>The last part of <see cref="Name"/>.</summary>
    public string Word => Name.Split('|')[^1];

    /// <summary>As in the reply to COMMAND.</summary>
    public IReadOnlyList<string> Flags => (IsForStrangers, Kind) switch
    {
        (true, _) => ["noscript", "loading", "stale", "fast", "no_auth"],
        (_, FacadeCommandKind.Subscription) => ["pubsub", "noscript", "loading", "stale"],
        (_, FacadeCommandKind.Address or FacadeCommandKind.Refused) => ["admin"],
        _ => ["loading", "stale"],
    };

    public bool Takes(int count) => Arity < 0 ? count >= -Arity : count == Arity;

    /// <summary>The reply to HELP, as redis lays it out.</summary>
    public void WriteHelp(ReplyWriter reply)
    {
        FacadeCommand[] listed = [.. Subcommands.Where(one => one.Kind != FacadeCommandKind.Refused)];
        reply.Array(1 + (2 * listed.Length));
        reply.Status($"{Name.ToUpperInvariant()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
        foreach (FacadeCommand one in listed)
        {
            reply.Status($"{one.Word.ToUpperInvariant()} {one.Usage}".TrimEnd());
            reply.Status($"    {one.Summary}.");
        }
    }
}
