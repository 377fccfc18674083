namespace RedisProxy.Configuration;

/// <summary>The rules between <c>sentinelFacade</c> and other sections.</summary>
/// <param name="all">The whole configuration.</param>
/// <param name="listeners">The listeners of the options, with their paths.</param>
/// <param name="options">The options as read.</param>
internal sealed class SentinelFacadeRules(OptionSection all, IReadOnlyList<ListenerReading> listeners, ProxyOptions options)
{
    private const string Bind = "sentinelFacade:bind";
    private const string Advertise = "sentinelFacade:advertise";

    /// <summary>Checks that every master can be announced, and that nothing else uses the address.</summary>
    public void Check()
    {
        SentinelFacadeOptions facade = options.SentinelFacade;
        if (facade.Bind is not { } bind)
        {
            return;
        }

        CheckBind(bind);
        ILookup<string, ListenerOptions> masters = options.Listeners
            .Where(listener => MasterOf(listener) is { Length: > 0 })
            .ToLookup(listener => MasterOf(listener)!, StringComparer.Ordinal);
        foreach (string unknown in facade.Advertise.Keys.Where(name => !masters.Contains(name)))
        {
            string hint = Spelling.Nearest(unknown, masters.Select(master => master.Key)) is { } nearest
                ? $"did you mean \"{nearest}\"?"
                : "expected the name of one that has a listener";
            all.Refuse(OptionPath.Combine(Advertise, unknown), $"no listener has this master; {hint}");
        }

        foreach (IGrouping<string, ListenerOptions> master in masters.Where(master => !facade.Advertise.ContainsKey(master.Key)))
        {
            CheckMaster(master, bind);
        }
    }

    private string? MasterOf(ListenerOptions listener) => options.Sentinel is null ? listener.Name : listener.Master;

    private void CheckBind(HostEndpoint bind)
    {
        if (listeners.FirstOrDefault(listener => listener.Options.Bind?.Tcp?.IsSameAs(bind) == true) is { } listener)
        {
            all.Refuse(Bind, $"\"{bind}\" is {OptionPath.Show(listener.Section.PathOf("bind"))}, too; expected one of its own");
        }

        if (options.Admin.Bind?.Tcp?.IsSameAs(bind) == true)
        {
            all.Refuse(Bind, $"\"{bind}\" is admin.bind, too; expected one of its own");
        }

        if (options.Admin.MetricsBind?.Tcp?.IsSameAs(bind) == true)
        {
            all.Refuse(Bind, $"\"{bind}\" is admin.metricsBind, too; expected one of its own");
        }

        foreach (HostEndpoint sentinel in options.Sentinel?.Endpoints.Where(bind.Accepts) ?? [])
        {
            all.Refuse("sentinel:endpoints", $"\"{sentinel}\" is this proxy's own sentinelFacade.bind; expected the address of a Sentinel");
        }

        if (options.Backend.Endpoint is { } server && bind.Accepts(server))
        {
            all.Refuse("backend:endpoint", $"\"{server}\" is this proxy's own sentinelFacade.bind; expected the address of the server");
        }
    }

    private void CheckMaster(IGrouping<string, ListenerOptions> master, HostEndpoint bind)
    {
        // An invalid address has its own message already.
        if (master.Any(listener => listener.Bind is null))
        {
            return;
        }

        HostEndpoint? announced = master.Where(listener => listener.Role == ListenerRole.Master)
            .Select(listener => listener.Bind!.Tcp).FirstOrDefault(tcp => tcp is not null);
        string expected = $"has nothing for \"{master.Key}\"; expected its \"host:port\", as";
        if (announced is null)
        {
            all.Refuse(Advertise, $"{expected} a unix socket cannot be announced, and it has no TCP listener");
        }
        else if (announced.Host == "0.0.0.0" && bind.Host.Contains(':', StringComparison.Ordinal)
            && !(bind.Address is { } address && System.Net.IPAddress.IsLoopback(address)))
        {
            all.Refuse(Advertise, $"{expected} clients of {bind} over IPv6 cannot reach {announced}; or a listener on [::]");
        }
    }
}
