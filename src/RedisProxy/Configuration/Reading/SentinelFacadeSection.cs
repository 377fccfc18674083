using System.Diagnostics.CodeAnalysis;

namespace RedisProxy.Configuration;

/// <summary>Reads the section <c>sentinelFacade</c>, and checks it against the other ones.</summary>
internal static class SentinelFacadeSection
{
    public const string Key = "sentinelFacade";

    private const string Bind = $"{Key}:bind";
    private const string Advertise = $"{Key}:advertise";

    /// <param name="facade">The section.</param>
    /// <param name="readCredentials">Reads <c>username</c>, <c>password</c> and <c>passwordFile</c>.</param>
    public static SentinelFacadeOptions Read(
        OptionSection facade, Func<OptionSection, (string? Username, string? Password)> readCredentials)
    {
        var defaults = new SentinelFacadeOptions();
        HostEndpoint? bind = facade.Optional<HostEndpoint>("bind", ParseBind);
        IReadOnlyDictionary<string, HostEndpoint> advertise =
            facade.Map("advertise", ValueParsers.Name, ValueParsers.Destination);
        (string? username, string? password) = readCredentials(facade);
        return new SentinelFacadeOptions
        {
            Bind = bind,
            Advertise = advertise.Count > 0 ? advertise : defaults.Advertise,
            Username = username ?? defaults.Username,
            Password = password,
            MaxConnections = facade.Value("maxConnections", defaults.MaxConnections, ValueParsers.WholeNumber(1, 100_000)),
        };
    }

    /// <summary>Can every master be announced, and does nobody else have the address?</summary>
    public static void Check(OptionDraft draft, OptionErrors errors)
    {
        SentinelFacadeOptions facade = draft.Options.SentinelFacade;
        if (facade.Bind is not { } bind)
        {
            return;
        }

        CheckBind(bind, draft, errors);
        ILookup<string, ListenerDraft> masters = draft.Listeners
            .Where(listener => MasterOf(draft, listener) is not null)
            .ToLookup(listener => MasterOf(draft, listener)!, StringComparer.Ordinal);
        foreach (string unknown in facade.Advertise.Keys.Where(name => !masters.Contains(name)))
        {
            string hint = Spelling.Nearest(unknown, masters.Select(master => master.Key)) is { } nearest
                ? $"did you mean \"{nearest}\"?"
                : "expected the name of one that has a listener";
            errors.Add(OptionPath.Combine(Advertise, unknown), $"no listener has this master; {hint}");
        }

        foreach (IGrouping<string, ListenerDraft> master in masters.Where(master => !facade.Advertise.ContainsKey(master.Key)))
        {
            CheckMaster(master, bind, errors);
        }
    }

    private static string? MasterOf(OptionDraft draft, ListenerDraft listener) =>
        draft.Options.Sentinel is null ? listener.EffectiveName : listener.Master;

    private static void CheckBind(HostEndpoint bind, OptionDraft draft, OptionErrors errors)
    {
        if (draft.Listeners.FirstOrDefault(listener => listener.Bind?.Tcp?.IsSameAs(bind) == true) is { } listener)
        {
            errors.Add(Bind, $"\"{bind}\" is {OptionPath.Show(listener.Section.PathOf("bind"))}, too; expected one of its own");
        }

        if (draft.Options.Admin.Bind?.Tcp?.IsSameAs(bind) == true)
        {
            errors.Add(Bind, $"\"{bind}\" is admin.bind, too; expected one of its own");
        }

        foreach (HostEndpoint sentinel in draft.Options.Sentinel?.Endpoints.Where(bind.Accepts) ?? [])
        {
            errors.Add("sentinel:endpoints", $"\"{sentinel}\" is this proxy's own sentinelFacade.bind; expected the address of a Sentinel");
        }

        if (draft.Options.Backend.Endpoint is { } server && bind.Accepts(server))
        {
            errors.Add("backend:endpoint", $"\"{server}\" is this proxy's own sentinelFacade.bind; expected the address of the server");
        }
    }

    private static void CheckMaster(IGrouping<string, ListenerDraft> master, HostEndpoint bind, OptionErrors errors)
    {
        // What was not understood has its message already.
        if (master.Any(listener => listener.Bind is null))
        {
            return;
        }

        HostEndpoint? announced = master.Where(listener => listener.Role == ListenerRole.Master)
            .Select(listener => listener.Bind!.Tcp).FirstOrDefault(tcp => tcp is not null);
        string expected = $"has nothing for \"{master.Key}\"; expected its \"host:port\", as";
        if (announced is null)
        {
            errors.Add(Advertise, $"{expected} clients cannot be told a unix socket, and it has no listener on TCP");
        }
        else if (announced.Host == "0.0.0.0" && bind.Host.Contains(':', StringComparison.Ordinal)
            && !(bind.Address is { } address && System.Net.IPAddress.IsLoopback(address)))
        {
            errors.Add(Advertise, $"{expected} who comes to {bind} over IPv6 does not reach {announced}; or a listener on [::]");
        }
    }

    private static string? ParseBind(string text, [MaybeNull] out HostEndpoint value)
    {
        value = null;
        return text.Length == 0 || HostEndpoint.TryParse(text, out value)
            ? null
            : $"{QuotedValue.Of(text)} is not an address to listen on; expected \"host:port\", \"[IPv6]:port\" or \"\" for none";
    }
}
