namespace RedisProxy.Configuration;

/// <summary>Compares two options by the keys of a table.</summary>
internal static class KeyChanges
{
    /// <summary>The changed keys, in the order of the table.</summary>
    /// <param name="keys">The keys of the options.</param>
    /// <param name="old">The options before.</param>
    /// <param name="now">The new options.</param>
    /// <param name="prefix">Precedes the name of each key.</param>
    public static IEnumerable<OptionChange> Between<T>(IEnumerable<OptionKey<T>> keys, T old, T now, string prefix = "")
        where T : class
    {
        foreach (OptionKey<T> key in keys.Where(static key => !key.IsIdentity))
        {
            (object? from, object? to) = key.Compare(old, now);
            if (!Equals(from, to))
            {
                string what = key.IsSecret ? "changed" : $"{OptionChange.Show(from)} → {OptionChange.Show(to)}";
                yield return new OptionChange($"{prefix}{key.Name}: {what}", key.IsKept(old, now));
            }
        }
    }

    /// <summary>Removed members, then new and changed ones.</summary>
    /// <param name="table">The keys of a member.</param>
    /// <param name="old">The list before.</param>
    /// <param name="now">The new list.</param>
    /// <param name="nameOf">Identifies a member; precedes the names of its keys.</param>
    /// <param name="describe">Describes an added or removed member.</param>
    public static IEnumerable<OptionChange> BetweenLists<T>(
        KeyTable<T> table, IReadOnlyList<T> old, IReadOnlyList<T> now, Func<T, string> nameOf, Func<T, string> describe)
        where T : class
    {
        foreach (T gone in old.Where(member => Find(now, member) is null))
        {
            yield return new OptionChange($"{describe(gone)}: removed", NeedsRestart: false);
        }

        foreach (T member in now)
        {
            IEnumerable<OptionChange> changes = Find(old, member) is { } before
                ? Between(table.Keys, before, member, $"{nameOf(member)}, ")
                : [new OptionChange($"{describe(member)}: added", NeedsRestart: false)];
            foreach (OptionChange change in changes)
            {
                yield return change;
            }
        }

        T? Find(IReadOnlyList<T> members, T like) => members.FirstOrDefault(member => nameOf(member) == nameOf(like));
    }

    /// <summary>The new options, with the old value where a change needs a restart.</summary>
    public static T WhatCanBeTaken<T>(KeyTable<T> table, T old, T now)
        where T : class
    {
        OptionKey<T>[] kept = [.. table.Keys.Where(key => key.IsKept(old, now))];
        return kept.Aggregate(now, (taken, key) => key.Keep(old, taken));
    }
}
