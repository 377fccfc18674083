namespace RedisProxy.Configuration;

/// <summary>What is different between two lists of receivers. A running proxy can take all of it.</summary>
internal static class NotifyChanges
{
    /// <summary>Do they say the same? (Records with lists in them are equal by reference only.)</summary>
    public static bool AreSame(NotifyOptions one, NotifyOptions other) => KeysOf(one, other).All(key => Equals(key.From, key.To));

    /// <summary>For people; addresses and secrets are not shown.</summary>
    public static IEnumerable<OptionChange> Between(IReadOnlyList<NotifyOptions> old, IReadOnlyList<NotifyOptions> now)
    {
        foreach (NotifyOptions gone in old.Where(receiver => Find(now, receiver.Name) is null))
        {
            yield return Change($"receiver '{gone.Name}': removed");
        }

        foreach (NotifyOptions receiver in now)
        {
            if (Find(old, receiver.Name) is not { } before)
            {
                yield return Change($"receiver '{receiver.Name}': added");
                continue;
            }

            foreach ((string key, object? from, object? to, bool isSecret) in KeysOf(before, receiver))
            {
                if (!Equals(from, to))
                {
                    string what = isSecret ? "changed" : $"{OptionChange.Show(from)} → {OptionChange.Show(to)}";
                    yield return Change($"receiver '{receiver.Name}', {key}: {what}");
                }
            }
        }
    }

    private static (string Key, object? From, object? To, bool IsSecret)[] KeysOf(NotifyOptions old, NotifyOptions now) =>
    [
        ("events", List(old.Events.Select(NotifyEvents.NameOf)), List(now.Events.Select(NotifyEvents.NameOf)), false),
        ("masters", List(old.Masters), List(now.Masters), false),
        ("startedAfter", old.StartedAfter, now.StartedAfter, false),
        ("rateLimit.burst", old.RateLimit.Burst, now.RateLimit.Burst, false),
        ("rateLimit.interval", old.RateLimit.Interval, now.RateLimit.Interval, false),
        ("webhook.url", old.Webhook?.Url.OriginalString, now.Webhook?.Url.OriginalString, true),
        ("webhook.secret", old.Webhook?.Secret, now.Webhook?.Secret, true),
        ("webhook.timeout", old.Webhook?.Timeout, now.Webhook?.Timeout, false),
        ("webhook.maxAttempts", old.Webhook?.MaxAttempts, now.Webhook?.MaxAttempts, false),
        ("command.path", old.Command?.Path, now.Command?.Path, false),
        ("command.args", Arguments(old.Command), Arguments(now.Command), true),
        ("command.role", old.Command?.Role, now.Command?.Role, false),
        ("command.timeout", old.Command?.Timeout, now.Command?.Timeout, false),
        ("command.maxAttempts", old.Command?.MaxAttempts, now.Command?.MaxAttempts, false),
    ];

    // An argument may have anything in it but a zero character.
    private static string? Arguments(NotifyCommandOptions? command) => command is null ? null : string.Join('\0', command.Args);

    private static string List(IEnumerable<string> values) => string.Join(", ", values);

    private static NotifyOptions? Find(IReadOnlyList<NotifyOptions> receivers, string name) =>
        receivers.FirstOrDefault(receiver => receiver.Name == name);

    private static OptionChange Change(string text) => new(text, NeedsRestart: false);
}
