namespace RedisProxy.Configuration;

/// <summary>
/// <c>REDISPROXY_section__key</c> and <c>REDISPROXY_list__0__key</c>. Only names with two underscores behind the prefix are ours,
/// because no value stands outside a section: Kubernetes gives every pod <c>REDISPROXY_SERVICE_HOST</c>,
/// <c>REDISPROXY_PORT_6380_TCP</c> and others when there is a service named redisproxy.
/// </summary>
internal static class EnvironmentVariables
{
    public const string Prefix = "REDISPROXY_";

    private const string Separator = "__";

    public static void Read(IReadOnlyDictionary<string, string> environment, OptionLayer layer, OptionErrors errors)
    {
        // In a fixed order: names that differ in case only are one key, and which of them is reported must not depend on chance.
        foreach ((string name, string value) in environment.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            if (!name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
                || !name.AsSpan(Prefix.Length).Contains(Separator, StringComparison.Ordinal))
            {
                continue;
            }

            string path = name[Prefix.Length..].Replace(Separator, ":", StringComparison.Ordinal);
            if (!layer.TryAdd(path, value, origin: name))
            {
                errors.Add(path, $"is given by {layer.OriginOf(path)} and by {name}; expected one of them");
            }
        }
    }
}
