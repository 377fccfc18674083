namespace RedisProxy.Configuration;

/// <summary>One declared key, by its whole path.</summary>
/// <param name="Path">As in <c>listeners[].maxSessions</c>.</param>
/// <param name="NeedsRestart">As a key of its own, or as a part of one.</param>
internal sealed record DeclaredKey(string Path, bool NeedsRestart)
{
    public ValueRange? Range { get; init; }

    public IReadOnlyList<string> Choices { get; init; } = [];

    public required KeyShape Shape { get; init; }

    public string? Default { get; init; }

    public bool IsSecret { get; init; }

    public bool IsRequired { get; init; }

    public bool IsIdentity { get; init; }
}

/// <summary>
/// All keys that there are: for the reference, the schema, and advice on variables. Not in it: <c>enabled</c> of the TLS sections, and
/// the <c>…File</c> of a secret.
/// </summary>
internal static class DeclaredKeys
{
    public static IReadOnlyList<DeclaredKey> All { get; } =
    [
        .. Of("listeners[].", ListenerKeys.Table),
        .. Of("listeners[].tls.", TlsKeys.Listener, needsRestart: true),
        .. Of("listeners[].users[].", ListenerKeys.User),
        .. Of("", ProxyKeys.Table),
        .. Of("admin.tls.", TlsKeys.Server, needsRestart: true),
        .. Of("sentinelFacade.tls.", TlsKeys.Server, needsRestart: true),
        .. Of("sentinel.tls.", TlsKeys.Peer, needsRestart: true),
        .. Of("backend.tls.", TlsKeys.Peer, needsRestart: true),
        .. Of("notify[].", NotifyKeys.Table),
    ];

    /// <summary>Its path, and that of the key for a file with it.</summary>
    public static string[] NamesOf(DeclaredKey key) =>
        key.Shape.Form == KeyForm.Secret ? [key.Path, $"{key.Path}File"] : [key.Path];

    public static DeclaredKey? Find(string path) => All.FirstOrDefault(key => key.Path == path);

    private static IEnumerable<DeclaredKey> Of<T>(string prefix, KeyTable<T> table, bool needsRestart = false)
        where T : class => table.Keys.Select(key => new DeclaredKey($"{prefix}{key.Name}", needsRestart || key.NeedsRestart)
        {
            Range = key.Range,
            Choices = key.Choices,
            Shape = key.Shape,
            Default = key.Default,
            IsSecret = key.IsSecret,
            IsRequired = key.IsRequired,
            IsIdentity = key.IsIdentity,
        });
}
