using System.Diagnostics;

using Microsoft.Extensions.Configuration;

namespace RedisProxy.Configuration;

/// <summary>Where the configuration comes from. Later ones win: presets, file, environment, command line.</summary>
internal sealed record OptionSources
{
    /// <summary>Below everything else. Default none.</summary>
    public OptionLayer Presets { get; init; } = new();

    /// <summary>The file as the user named it; null when there is none.</summary>
    public string? File { get; init; }

    /// <summary>All variables; which of them are ours is decided in <see cref="EnvironmentVariables"/>.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public OptionLayer CommandLine { get; init; } = new();

    /// <summary>Where relative paths begin, in the file as well.</summary>
    public required string Directory { get; init; }
}

/// <summary>The outcome of a reading: options, or what is wrong, one line each. Never both.</summary>
/// <param name="Options">Null when there are errors.</param>
/// <param name="IsNothingGiven">There was no source at all.</param>
internal sealed record OptionsReading(ProxyOptions? Options, IReadOnlyList<string> Errors, bool IsNothingGiven);

/// <summary>
/// Reads the whole configuration: sources into layers, layers into one, that into records, and the rules between them. It collects every
/// error on the way and throws for none.
/// </summary>
internal static class OptionsReader
{
    public static OptionsReading Read(OptionSources sources)
    {
        OptionLayer file = new();
        OptionLayer environment = new();
        OptionLayer[] layers = [sources.Presets, file, environment, sources.CommandLine];
        var errors = new OptionErrors(layers);

        // A file that cannot be read leaves nothing to say about its content.
        if (sources.File is not null && !OptionFile.TryRead(sources.File, sources.Directory, file, errors))
        {
            return new OptionsReading(null, errors.Lines, IsNothingGiven: false);
        }

        EnvironmentVariables.Read(sources.Environment, environment, errors);
        OptionDraft draft = OptionBinder.Bind(Merge(layers), errors, sources.Directory);
        OptionRules.Check(draft, errors);
        if (draft.Listeners.Count > 1 && sources.CommandLine.OriginOf("listeners") is { } option)
        {
            errors.AddSource(
                option, $"there are {draft.Listeners.Count} listeners; expected one, as the command line cannot say which it means");
        }

        return new OptionsReading(
            errors.Any ? null : Complete(draft), errors.Lines, sources.File is null && layers.All(l => l.IsEmpty));
    }

    private static IConfigurationRoot Merge(OptionLayer[] layers)
    {
        var builder = new ConfigurationBuilder();
        for (int i = 0; i < layers.Length; i++)
        {
            string[] replaced = [.. layers[(i + 1)..].SelectMany(l => l.Replaced)];
            builder.AddInMemoryCollection(layers[i].Values.Where(v => !replaced.Any(r => OptionPath.IsWithin(v.Key, r))));
        }

        return builder.Build();
    }

    private static ProxyOptions Complete(OptionDraft draft) => draft.Options with
    {
        Listeners =
        [
            .. draft.Listeners.Select(l => new ListenerOptions
            {
                Name = l.EffectiveName ?? throw new UnreachableException("a listener without a name is an error"),
                Bind = l.Bind ?? throw new UnreachableException("a listener without an address is an error"),
                Master = l.Master,
                Role = l.Role,
                Replicas = l.Replicas,
                MaxSessions = l.MaxSessions,
                PubSub = l.PubSub,
                Tls = l.Tls,
                ProxyProtocol = l.ProxyProtocol,
                Users = l.Users,
                BackendUser = l.BackendUser,
            }),
        ],
    };
}
