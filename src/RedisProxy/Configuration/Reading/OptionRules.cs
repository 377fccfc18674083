namespace RedisProxy.Configuration;

/// <summary>The rules between keys. They apply only to valid values, so that one mistake does not cause a second message.</summary>
/// <param name="all">The whole configuration.</param>
/// <param name="listeners">The listeners of the options, with their paths.</param>
/// <param name="options">The options as read.</param>
internal sealed class OptionRules(OptionSection all, IReadOnlyList<ListenerReading> listeners, ProxyOptions options)
{
    public void Check()
    {
        CheckWhereTheMasterIs();
        CheckNames();
        CheckBinds();
        CheckDestinations();
        CheckRoles();
        CheckTransport();
        new SentinelFacadeRules(all, listeners, options).Check();
    }

    /// <summary>Sentinels and names of masters, or one server and names of listeners.</summary>
    private void CheckWhereTheMasterIs()
    {
        bool hasSentinel = options.Sentinel is not null;
        bool isEndpointGiven = all.Has("backend:endpoint");
        if (hasSentinel && isEndpointGiven)
        {
            all.Refuse("backend:endpoint", "is given together with sentinel; expected one of them");
            return;
        }

        if (!hasSentinel && !isEndpointGiven)
        {
            all.Refuse("sentinel", "missing; expected sentinel.endpoints, or backend.endpoint for one server without Sentinel");
            return;
        }

        foreach ((OptionSection section, ListenerOptions listener, _) in listeners)
        {
            if (hasSentinel && !section.Has("master"))
            {
                section.Refuse("master", "missing; expected the name of the master, as Sentinel knows it");
            }
            else if (!hasSentinel && listener.Master is not null)
            {
                section.Refuse("master", $"{QuotedValue.Of(listener.Master)} needs sentinel; expected no master with backend.endpoint");
            }

            if (!hasSentinel && listener.Role == ListenerRole.Replica)
            {
                section.Refuse("role", "\"replica\" needs sentinel, which knows the replicas; expected \"master\"");
            }

            if (!hasSentinel && !section.Has("name"))
            {
                section.Refuse("name", "missing; expected a name, as there is no master to be named after");
            }
        }
    }

    private void CheckTransport()
    {
        if (options.Loops.Transport == LoopTransport.Epoll && !OperatingSystem.IsLinux())
        {
            all.Refuse("loops:transport", "\"epoll\" is Linux only; expected \"auto\" or \"pipelines\"");
        }
    }

    private void CheckNames()
    {
        foreach ((ListenerReading listener, ListenerReading twin) in Twins((a, b) => a.Name == b.Name))
        {
            if (listener.Options.Name is { Length: > 0 } name)
            {
                string source = listener.IsNamed ? "" : ", taken from master,";
                string other = OptionPath.Show(twin.Section.Path);
                listener.Section.Refuse("name", $"{QuotedValue.Of(name)}{source} is the name of {other}, too; expected one of its own");
            }
        }
    }

    /// <summary>
    /// Two listeners on one address would not fail, because their sockets share it like those of the loops: the kernel would distribute
    /// clients between them at random.
    /// </summary>
    private void CheckBinds()
    {
        foreach ((ListenerReading listener, ListenerReading twin) in Twins((a, b) => IsSame(a.Bind, b.Bind)))
        {
            listener.Section.Refuse("bind", $"\"{listener.Options.Bind}\" is {ShowBind(twin)}, too; expected one of its own");
        }

        BindAddress? admin = options.Admin.Bind;
        if (listeners.FirstOrDefault(listener => IsSame(listener.Options.Bind, admin)) is { } taken)
        {
            all.Refuse("admin:bind", $"\"{admin}\" is {ShowBind(taken)}, too; expected one of its own, or \"\" for none");
        }

        BindAddress? metrics = options.Admin.MetricsBind;
        string? other = IsSame(metrics, admin) ? "admin.bind"
            : listeners.FirstOrDefault(listener => IsSame(listener.Options.Bind, metrics)) is { } listed ? ShowBind(listed)
            : null;
        if (other is not null)
        {
            all.Refuse("admin:metricsBind", $"\"{metrics}\" is {other}, too; expected one of its own, or \"\" for none");
        }
    }

    /// <summary>A proxy that connects to itself uses up all its sessions.</summary>
    private void CheckDestinations()
    {
        if (options.Backend.Endpoint is { } server && ListenerOf(server) is { } listener)
        {
            all.Refuse("backend:endpoint", Complaint(server, listener, "the server"));
        }

        foreach (HostEndpoint sentinel in options.Sentinel?.Endpoints ?? [])
        {
            if (ListenerOf(sentinel) is { } ours)
            {
                all.Refuse("sentinel:endpoints", Complaint(sentinel, ours, "a Sentinel"));
            }
        }

        ListenerReading? ListenerOf(HostEndpoint endpoint) =>
            listeners.FirstOrDefault(listener => listener.Options.Bind?.Tcp?.Accepts(endpoint) == true);

        static string Complaint(HostEndpoint endpoint, ListenerReading listener, string what) =>
            $"\"{endpoint}\" is this proxy's own {ShowBind(listener)}; expected the address of {what}";
    }

    private void CheckRoles()
    {
        RoleOptions roles = options.Roles;
        if (!roles.HasPolicy())
        {
            return;
        }

        if (options.Sentinel is null)
        {
            all.Refuse("roles", "needs sentinel; expected no roles with backend.endpoint, whose server keeps its role");
            return;
        }

        for (int i = 0; i < roles.Masters.Count; i++)
        {
            if (!options.Listeners.Any(listener => listener.Master == roles.Masters[i]))
            {
                string given = QuotedValue.Of(roles.Masters[i]);
                all.Refuse($"roles:masters:{i}", $"{given} is not the master of a listener; expected one that is");
            }
        }

        foreach ((string role, RolePolicyOptions policy) in new[] { ("master", roles.Master), ("replica", roles.Replica) })
        {
            if (policy.Config.Count > RolePolicyOptions.MaxConfig)
            {
                all.Refuse(
                    $"roles:{role}:config", $"has {policy.Config.Count} parameters; expected at most {RolePolicyOptions.MaxConfig}");
            }
        }
    }

    private static string ShowBind(ListenerReading listener) => OptionPath.Show(listener.Section.PathOf("bind"));

    // An invalid address is null.
    private static bool IsSame(BindAddress? a, BindAddress? b) => a is not null && b is not null
        && (a.Tcp is not null && b.Tcp is not null ? a.Tcp.IsSameAs(b.Tcp) : a == b);

    /// <summary>Each listener that has an earlier twin, with the first such twin.</summary>
    private IEnumerable<(ListenerReading Item, ListenerReading Earlier)> Twins(Func<ListenerOptions, ListenerOptions, bool> isTwin)
    {
        for (int i = 1; i < listeners.Count; i++)
        {
            if (listeners.Take(i).FirstOrDefault(earlier => isTwin(earlier.Options, listeners[i].Options)) is { } earlier)
            {
                yield return (listeners[i], earlier);
            }
        }
    }
}
