using RedisProxy.Transport;

namespace RedisProxy.SentinelFacade;

/// <summary>Shared by all dialogues.</summary>
/// <param name="Directory">The masters.</param>
/// <param name="Access">Authentication.</param>
/// <param name="Counters">For metrics.</param>
/// <param name="Time">The clock.</param>
/// <param name="Version">Of the proxy.</param>
internal sealed record FacadeContext(
    FacadeDirectory Directory, FacadeAccess Access, FacadeCounters Counters, TimeProvider Time, string Version)
{
    private readonly Dictionary<string, FacadeCommand> _byName = [];

    /// <summary>All commands of the facade.</summary>
    public required IReadOnlyList<FacadeCommand> Commands
    {
        get;
        init
        {
            field = value;
            _byName = value.ToDictionary(static command => command.Name, StringComparer.OrdinalIgnoreCase);
        }
    }

    /// <summary>40 hexadecimal digits, constant while this process runs.</summary>
    public string ServerId { get; } = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(20));

    public long Started { get; } = Time.GetTimestamp();

    /// <summary>Null: plain text.</summary>
    public ServerTls? Tls { get; init; }

    /// <summary>The listening port.</summary>
    public int Port { get; init; }

    public int MaxConnections { get; init; }

    public FacadeCommand? FindCommand(string name) => _byName.GetValueOrDefault(name);
}
