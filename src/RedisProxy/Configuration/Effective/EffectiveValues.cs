namespace RedisProxy.Configuration;

/// <summary>One key with the value in effect.</summary>
/// <param name="Key">As in <c>listeners[0].bind</c>.</param>
/// <param name="Value">As displayed; <c>(set)</c> for a secret.</param>
/// <param name="Source">Where it is from: <c>default</c>, <c>file</c>, <c>environment</c> or <c>command line</c>.</param>
/// <param name="Origin">The file, the variable or the option; empty for a default.</param>
internal sealed record EffectiveValue(string Key, string Value, string Source, string Origin);

/// <summary>Every key that has a value, in the order of the documentation. Secrets are not shown.</summary>
internal static class EffectiveValues
{
    private const string Secret = "(set)";

    // Shown key by key instead.
    private const string Tls = "tls";

    /// <param name="options">In effect.</param>
    /// <param name="sources">What they were read from.</param>
    public static IReadOnlyList<EffectiveValue> Of(ProxyOptions options, OptionSources sources)
    {
        var origins = new OptionOrigins(sources);
        IEnumerable<EffectiveValue> Rows<T>(string section, KeyTable<T> table, T? part)
            where T : class => part is null ? [] : RowsOf(origins, section, table, part);
        return
        [
            .. options.Listeners.SelectMany((listener, i) =>
            {
                string section = FormattableString.Invariant($"listeners[{i}].");
                return Rows(section, ListenerKeys.Table, listener)
                    .Where(row => listener.Role == ListenerRole.Replica
                        || !ListenerKeys.OnlyForReplicas.Contains(row.Key[section.Length..]))
                    .Concat(Rows($"{section}{Tls}.", TlsKeys.Listener, listener.Tls));
            }),
            .. Rows("", ProxyKeys.Table, options),
            .. Rows($"sentinel.{Tls}.", TlsKeys.Peer, options.Sentinel?.Tls),
            .. Rows($"backend.{Tls}.", TlsKeys.Peer, options.Backend.Tls),
            .. Rows($"admin.{Tls}.", TlsKeys.Server, options.Admin.Tls),
            .. Rows($"sentinelFacade.{Tls}.", TlsKeys.Server, options.SentinelFacade.Tls),
            .. options.Notify.SelectMany((receiver, i) => Rows(FormattableString.Invariant($"notify[{i}]."), NotifyKeys.Table, receiver)),
        ];
    }

    private static IEnumerable<EffectiveValue> RowsOf<T>(OptionOrigins origins, string section, KeyTable<T> table, T options)
        where T : class
    {
        foreach (OptionKey<T> key in table.Keys.Where(static key => key.Name.Split('.')[^1] != Tls))
        {
            string name = section + key.Name;
            object? value = key.Compare(options, options).To;
            (string source, string origin) = origins.Find(name, key.IsSecret);
            if (value is not null and not "")
            {
                yield return new EffectiveValue(name, key.IsSecret ? Secret : OptionChange.Show(value), source, origin);
            }
            else if (origin.Length > 0)
            {
                yield return new EffectiveValue(name, OptionChange.Show(null), source, origin);
            }
        }
    }
}
