namespace RedisProxy.Configuration;

/// <summary>What is different between two lists of receivers. A running proxy can take all of it.</summary>
internal static class NotifyChanges
{
    /// <summary>Do they say the same? (Records with lists in them are equal by reference only.)</summary>
    public static bool AreSame(NotifyOptions one, NotifyOptions other) => !KeyChanges.Between(NotifyKeys.Table.Keys, one, other).Any();

    /// <summary>For people; addresses and secrets are not shown.</summary>
    public static IEnumerable<OptionChange> Between(IReadOnlyList<NotifyOptions> old, IReadOnlyList<NotifyOptions> now)
    {
        static string NameOf(NotifyOptions receiver) => $"receiver '{receiver.Name}'";
        return KeyChanges.BetweenLists(NotifyKeys.Table, old, now, NameOf, NameOf);
    }
}
