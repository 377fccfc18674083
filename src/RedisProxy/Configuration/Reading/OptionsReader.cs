using Microsoft.Extensions.Configuration;

namespace RedisProxy.Configuration;

/// <summary>The sources of the configuration. Later ones take precedence: presets, file, environment, command line.</summary>
internal sealed record OptionSources
{
    /// <summary>The lowest precedence. Default: none.</summary>
    public OptionLayer Presets { get; init; } = new();

    /// <summary>The file name as given by the user; null when there is none.</summary>
    public string? File { get; init; }

    /// <summary>The file's content, if it is not to be read again; null: read it.</summary>
    public byte[]? Content { get; init; }

    /// <summary>All variables; <see cref="EnvironmentVariables"/> selects the proxy's own.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public OptionLayer CommandLine { get; init; } = new();

    /// <summary>The base of relative paths, in the file as well.</summary>
    public required string Directory { get; init; }
}

/// <summary>The result of reading: either options or errors, one line each.</summary>
/// <param name="Options">Null when there are errors.</param>
/// <param name="IsNothingGiven">There was no source at all.</param>
internal sealed record OptionsReading(ProxyOptions? Options, IReadOnlyList<string> Errors, bool IsNothingGiven)
{
    /// <summary>What was probably meant otherwise, one line each.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Whole paths of the files that secrets were read from.</summary>
    public IReadOnlyList<string> SecretFiles { get; init; } = [];

    /// <summary>The same configuration, with the secrets that are in their files now.</summary>
    public required Func<OptionsReading> WithNewSecrets { get; init; }
}

/// <summary>
/// Reads the whole configuration: sources into layers, the merged layers into records, then the rules between them. All errors are
/// collected; none throws.
/// </summary>
internal static class OptionsReader
{
    public static OptionsReading Read(OptionSources sources)
    {
        OptionLayer file = new();
        OptionLayer environment = new();
        OptionLayer[] layers = [sources.Presets, file, environment, sources.CommandLine];
        var errors = new OptionErrors(layers);
        byte[]? content = sources.Content ?? (sources.File is null ? null : OptionFile.Load(sources.File, sources.Directory, errors));
        var reading = new OptionsReading(null, errors.Lines, IsNothingGiven: false)
        {
            Warnings = [.. UnusedVariables.Describe(sources.Environment)],
            WithNewSecrets = () => Read(sources with { Content = content }),
        };

        // Without a readable file, further errors would be misleading.
        if (sources.File is not null && (content is null || !OptionFile.TryRead(sources.File, content, file, errors)))
        {
            return reading;
        }

        EnvironmentVariables.Read(sources.Environment, environment, errors);
        var secretFiles = new List<string>();
        (OptionRules rules, ProxyOptions options) = OptionSection.ReadAll(
            Merge(layers), errors, new SecretFolder(sources.Directory, secretFiles), ReadAll);
        rules.Check();
        if (options.Listeners.Count > 1 && sources.CommandLine.OriginOf("listeners") is { } option)
        {
            errors.AddSource(
                option, $"there are {options.Listeners.Count} listeners; expected one, as the command line cannot tell them apart");
        }

        return reading with
        {
            Options = errors.Any ? null : options,
            IsNothingGiven = sources.File is null && layers.All(l => l.IsEmpty),
            SecretFiles = secretFiles,
        };
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

    // Lists and tables are read in the order of the documentation, which is also the order of the messages.
    private static (OptionRules Rules, ProxyOptions Options) ReadAll(OptionSection all)
    {
        // For editors.
        all.Ignore("$schema");
        const string Expected = "[ { \"bind\": \"host:port\", … }, … ]";
        IReadOnlyList<ListenerReading> listeners = all.Sections("listeners", Expected, ListenerKeys.Read);
        if (all.IsEmpty("listeners"))
        {
            all.Refuse("listeners", "missing; expected at least one listener");
        }

        ProxyOptions options = ProxyKeys.Table.Read(all) with
        {
            Listeners = [.. listeners.Select(listener => listener.Options)],
        };
        options = options with { Notify = NotifyKeys.Read(all, MastersOf(options.Listeners)) };
        return (new OptionRules(all, listeners, options), options);
    }

    /// <summary>The masters' names for receivers of notifications; null when a listener's is invalid.</summary>
    private static IReadOnlyList<string>? MastersOf(IReadOnlyList<ListenerOptions> listeners)
    {
        string[] names = [.. listeners.Select(listener => listener.Master ?? listener.Name)];
        return names.Contains("") ? null : [.. names.Distinct()];
    }
}
