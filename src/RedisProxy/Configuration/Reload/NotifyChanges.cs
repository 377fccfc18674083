namespace RedisProxy.Configuration;

/// <summary>The differences between two lists of receivers. A running proxy can apply all of them.</summary>
internal static class NotifyChanges
{
    /// <summary>Whether they have the same values. (Records that contain lists compare those by reference.)</summary>
    public static bool AreSame(NotifyOptions one, NotifyOptions other) => !KeyChanges.Between(NotifyKeys.Table.Keys, one, other).Any();

    /// <summary>The changes as text, without addresses and secrets.</summary>
    public static IEnumerable<OptionChange> Between(IReadOnlyList<NotifyOptions> old, IReadOnlyList<NotifyOptions> now)
    {
        static string NameOf(NotifyOptions receiver) => $"receiver '{receiver.Name}'";
        return KeyChanges.BetweenLists(NotifyKeys.Table, old, now, NameOf, NameOf);
    }
}
