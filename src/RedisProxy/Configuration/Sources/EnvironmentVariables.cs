namespace RedisProxy.Configuration;

/// <summary>
/// <c>REDISPROXY_section__key</c> and <c>REDISPROXY_list__0__key</c>. Only names with a double underscore after the prefix are read,
/// because every value belongs to a section, and because Kubernetes gives every pod <c>REDISPROXY_SERVICE_HOST</c>,
/// <c>REDISPROXY_PORT_6380_TCP</c> and others when there is a service named redisproxy.
/// </summary>
internal static class EnvironmentVariables
{
    public const string Prefix = "REDISPROXY_";

    public const string Separator = "__";

    public static void Read(IReadOnlyDictionary<string, string> environment, OptionLayer layer, OptionErrors errors)
    {
        // In a fixed order: names that differ only in case are the same key, and the one that is reported must not depend on chance.
        foreach ((string name, string value) in environment.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            if (PathOf(name) is { } path && !layer.TryAdd(path, value, origin: name))
            {
                errors.Add(path, $"is given by {layer.OriginOf(path)} and by {name}; expected one of them");
            }
        }
    }

    /// <summary>The variable for one path, such as <c>admin:bind</c>; null when there is none.</summary>
    public static KeyValuePair<string, string>? Find(IReadOnlyDictionary<string, string> environment, string path) => environment
        .Where(variable => path.Equals(PathOf(variable.Key), StringComparison.OrdinalIgnoreCase))
        .OrderBy(variable => variable.Key, StringComparer.Ordinal)
        .Cast<KeyValuePair<string, string>?>()
        .FirstOrDefault();

    /// <summary>The variable that sets a key, in the documentation's spelling. That of <c>listeners[].bind</c> sets the first.</summary>
    public static string NameOf(string key) =>
        Prefix + key.Replace("[]", $"{Separator}0", StringComparison.Ordinal).Replace(".", Separator, StringComparison.Ordinal);

    /// <summary>Null: not a variable of the proxy.</summary>
    public static string? PathOf(string variable) =>
        variable.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
            && variable.AsSpan(Prefix.Length).Contains(Separator, StringComparison.Ordinal)
                ? variable[Prefix.Length..].Replace(Separator, ":", StringComparison.Ordinal)
                : null;
}
