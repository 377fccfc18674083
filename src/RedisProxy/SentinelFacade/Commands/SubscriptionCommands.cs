namespace RedisProxy.SentinelFacade;

/// <summary>SUBSCRIBE and similar. In RESP3 confirmations and messages are pushes.</summary>
internal static class SubscriptionCommands
{
    public static FacadeCommand[] All { get; } =
    [
        Command("subscribe", -2, "Listen for messages published to channels", static one => one.Channels, Add),
        Command("unsubscribe", -1, "Stop listening for messages published to channels", static one => one.Channels, Remove),
        Command("psubscribe", -2, "Listen for messages published to channels that match a pattern", static one => one.Patterns, Add),
        Command("punsubscribe", -1, "Stop listening for messages that match a pattern", static one => one.Patterns, Remove),
    ];

    private static FacadeCommand Command(
        string name,
        int arity,
        string summary,
        Func<FacadeSubscriptions, List<string>> namesOf,
        Action<FacadeDialogue, string, List<string>, string[]> answer) => new(
            name, arity, FacadeCommandKind.Subscription, summary, (dialogue, arguments) => answer(
                dialogue, name, namesOf(dialogue.Subscriptions), [.. arguments.Skip(1).Select(FacadeSubscriptions.NameOf)]))
        {
            IsForSubscribers = true,
        };

    private static void Add(FacadeDialogue dialogue, string kind, List<string> names, string[] added)
    {
        if (names.Union(added).Count() - names.Count + dialogue.Subscriptions.Count > FacadeSubscriptions.MaxNames)
        {
            dialogue.Reply.Error(
                $"ERR RedisProxy: a connection to the Sentinel facade may have {FacadeSubscriptions.MaxNames} subscriptions");
            return;
        }

        foreach (string name in added)
        {
            if (!names.Contains(name))
            {
                names.Add(name);
            }

            Confirm(dialogue, kind, name);
        }
    }

    private static void Remove(FacadeDialogue dialogue, string kind, List<string> names, string[] removed)
    {
        if (removed.Length == 0 && names.Count == 0)
        {
            Confirm(dialogue, kind, null);
            return;
        }

        foreach (string name in removed.Length == 0 ? names.ToArray() : removed)
        {
            names.Remove(name);
            Confirm(dialogue, kind, name);
        }
    }

    private static void Confirm(FacadeDialogue dialogue, string kind, string? name)
    {
        dialogue.Reply.Push(3);
        dialogue.Reply.Bulk(kind);
        if (name is null)
        {
            dialogue.Reply.Null();
        }
        else
        {
            dialogue.Reply.Bulk(FacadeSubscriptions.BytesOf(name));
        }

        dialogue.Reply.Integer(dialogue.Subscriptions.Count);
    }
}
