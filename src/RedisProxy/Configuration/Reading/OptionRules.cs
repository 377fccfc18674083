namespace RedisProxy.Configuration;

/// <summary>
/// The rules between keys. They speak only of values that were understood, so that one mistake does not bring a second message.
/// </summary>
internal static class OptionRules
{
    public static void Check(OptionDraft draft, OptionErrors errors)
    {
        CheckWhereTheMasterIs(draft, errors);
        CheckNames(draft.Listeners, errors);
        CheckBinds(draft, errors);
        CheckDestinations(draft, errors);
        RoleSection.Check(draft, errors);
        SentinelFacadeSection.Check(draft, errors);
    }

    /// <summary>Sentinels and masters' names, or one server and listeners' names.</summary>
    private static void CheckWhereTheMasterIs(OptionDraft draft, OptionErrors errors)
    {
        bool hasSentinel = draft.Options.Sentinel is not null;
        if (hasSentinel && draft.IsEndpointGiven)
        {
            errors.Add("backend:endpoint", "is given together with sentinel; expected one of them");
            return;
        }

        if (!hasSentinel && !draft.IsEndpointGiven)
        {
            errors.Add("sentinel", "missing; expected sentinel.endpoints, or backend.endpoint for one server without Sentinel");
            return;
        }

        foreach (ListenerDraft listener in draft.Listeners)
        {
            string masterPath = listener.Section.PathOf("master");
            if (hasSentinel && !listener.Section.Has("master"))
            {
                errors.Add(masterPath, "missing; expected the name of the master, as Sentinel knows it");
            }
            else if (!hasSentinel && listener.Master is not null)
            {
                errors.Add(masterPath, $"{QuotedValue.Of(listener.Master)} needs sentinel; expected no master with backend.endpoint");
            }

            if (!hasSentinel && listener.Role == ListenerRole.Replica)
            {
                errors.Add(listener.Section.PathOf("role"), "\"replica\" needs sentinel, which knows the replicas; expected \"master\"");
            }

            if (!hasSentinel && !listener.Section.Has("name"))
            {
                errors.Add(listener.Section.PathOf("name"), "missing; expected a name, as there is no master to be named after");
            }
        }
    }

    private static void CheckNames(IReadOnlyList<ListenerDraft> listeners, OptionErrors errors)
    {
        foreach ((ListenerDraft listener, ListenerDraft twin) in Twins(listeners, (a, b) => a.EffectiveName == b.EffectiveName))
        {
            if (listener.EffectiveName is { } name)
            {
                string source = listener.Name is null ? ", taken from master," : "";
                errors.Add(
                    listener.Section.PathOf("name"),
                    $"{QuotedValue.Of(name)}{source} is the name of {OptionPath.Show(twin.Section.Path)}, too; expected one of its own");
            }
        }
    }

    /// <summary>
    /// Two listeners on one address would not fail, because the sockets share it as those of the loops do: the kernel would deal clients
    /// out at random.
    /// </summary>
    private static void CheckBinds(OptionDraft draft, OptionErrors errors)
    {
        foreach ((ListenerDraft listener, ListenerDraft twin) in Twins(draft.Listeners, (a, b) => IsSame(a.Bind, b.Bind)))
        {
            errors.Add(listener.Section.PathOf("bind"), $"\"{listener.Bind}\" is {ShowBind(twin)}, too; expected one of its own");
        }

        BindAddress? admin = draft.Options.Admin.Bind;
        if (draft.Listeners.FirstOrDefault(l => IsSame(l.Bind, admin)) is { } taken)
        {
            errors.Add("admin:bind", $"\"{admin}\" is {ShowBind(taken)}, too; expected one of its own, or \"\" for none");
        }
    }

    /// <summary>A proxy that connects to itself uses up every session it has.</summary>
    private static void CheckDestinations(OptionDraft draft, OptionErrors errors)
    {
        if (draft.Options.Backend.Endpoint is { } server && ListenerOf(server) is { } listener)
        {
            errors.Add("backend:endpoint", Complaint(server, listener, "the server"));
        }

        foreach (HostEndpoint sentinel in draft.Options.Sentinel?.Endpoints ?? [])
        {
            if (ListenerOf(sentinel) is { } ours)
            {
                errors.Add("sentinel:endpoints", Complaint(sentinel, ours, "a Sentinel"));
            }
        }

        ListenerDraft? ListenerOf(HostEndpoint endpoint) => draft.Listeners.FirstOrDefault(l => l.Bind?.Tcp?.Accepts(endpoint) == true);

        static string Complaint(HostEndpoint endpoint, ListenerDraft listener, string what) =>
            $"\"{endpoint}\" is this proxy's own {ShowBind(listener)}; expected the address of {what}";
    }

    private static string ShowBind(ListenerDraft listener) => OptionPath.Show(listener.Section.PathOf("bind"));

    private static bool IsSame(BindAddress? a, BindAddress? b) => a is not null && b is not null
        && (a.Tcp is not null && b.Tcp is not null ? a.Tcp.IsSameAs(b.Tcp) : a == b);

    /// <summary>Each item with the first one before it that is like it.</summary>
    private static IEnumerable<(ListenerDraft Item, ListenerDraft Earlier)> Twins(
        IReadOnlyList<ListenerDraft> listeners, Func<ListenerDraft, ListenerDraft, bool> isTwin)
    {
        for (int i = 1; i < listeners.Count; i++)
        {
            if (listeners.Take(i).FirstOrDefault(earlier => isTwin(earlier, listeners[i])) is { } earlier)
            {
                yield return (listeners[i], earlier);
            }
        }
    }
}
