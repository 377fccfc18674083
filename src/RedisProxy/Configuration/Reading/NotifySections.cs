namespace RedisProxy.Configuration;

/// <summary>Reads the list <c>notify</c>, and judges what can be judged before anybody is told anything.</summary>
/// <param name="errors">Gets what is wrong.</param>
/// <param name="directory">Where relative paths begin.</param>
/// <param name="readSecret">Reads a key that is given as it is or by the name of its file.</param>
/// <param name="masters">Those that there are; null when not all of them were understood.</param>
internal sealed class NotifySections(
    OptionErrors errors, string directory, Func<OptionSection, string, string?> readSecret, IReadOnlyList<string>? masters)
{
    private const int MaxArguments = 64;
    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);

    private readonly HashSet<string> _names = [];

    /// <summary>Masters as receivers name them; null when a listener's was not understood.</summary>
    public static IReadOnlyList<string>? MastersOf(IReadOnlyList<ListenerDraft> listeners)
    {
        string?[] names = [.. listeners.Select(listener => listener.Master ?? listener.EffectiveName)];
        return names.Contains(null) ? null : [.. names.OfType<string>().Distinct()];
    }

    public IReadOnlyList<NotifyOptions> Read(OptionSection all)
    {
        NotifyOptions[] receivers = [.. all
            .Sections("notify", "[ { \"name\": …, \"webhook\": { \"url\": … } }, … ]", ReadReceiver)
            .OfType<NotifyOptions>()];
        if (receivers.Length > NotifyOptions.MaxReceivers)
        {
            errors.Add("notify", $"has {receivers.Length} receivers; expected at most {NotifyOptions.MaxReceivers}");
        }

        // Lists are equal by reference, and all empty ones are one.
        return receivers.Length == 0 ? Array.Empty<NotifyOptions>() : receivers;
    }

    // Null when it lacks what it needs, and that was reported.
    private NotifyOptions? ReadReceiver(OptionSection receiver)
    {
        string? name = ReadName(receiver);
        IReadOnlyList<NotifyEvent> events = receiver.Values(
            "events", "[ \"failover_finished\", … ]", ValueParsers.Choice(NotifyEvents.Choices));
        IReadOnlyList<string> only = receiver.Values("masters", "[ \"mymaster\", … ]", ValueParsers.Name);
        CheckMasters(receiver, only);
        TimeSpan startedAfter = receiver.Value(
            "startedAfter", TimeSpan.FromSeconds(5), ValueParsers.Duration(TimeSpan.Zero, Hour));
        NotifyRateLimitOptions limit = receiver.Section("rateLimit", ReadRateLimit);
        (bool isWebhook, bool isCommand) = (receiver.Has("webhook"), receiver.Has("command"));
        NotifyWebhookOptions? webhook = receiver.Section("webhook", section => isWebhook ? ReadWebhook(section) : null);
        NotifyCommandOptions? command = receiver.Section("command", section => isCommand ? ReadCommand(section) : null);
        if (isWebhook == isCommand)
        {
            errors.Add(
                isWebhook ? receiver.PathOf("command") : receiver.Path,
                isWebhook ? "is given together with webhook; expected one of them" : "says nothing to do; expected webhook or command");
        }

        return name is null || (webhook is null && command is null) ? null : new NotifyOptions
        {
            Name = name,
            Events = events.Count > 0 ? events : isCommand ? NotifyEvents.OfCommands : NotifyEvents.All,
            Masters = only,
            StartedAfter = startedAfter,
            RateLimit = limit,
            Webhook = webhook,
            Command = command,
        };
    }

    private string? ReadName(OptionSection receiver)
    {
        string? name = receiver.Optional("name", ValueParsers.Name);
        if (!receiver.Has("name"))
        {
            errors.Add(receiver.PathOf("name"), "missing; expected a name for logs and metrics");
        }
        else if (name is not null && !_names.Add(name))
        {
            errors.Add(receiver.PathOf("name"), $"{QuotedValue.Of(name)} is the name of another receiver, too; expected one of its own");
        }

        return name;
    }

    private void CheckMasters(OptionSection receiver, IReadOnlyList<string> only)
    {
        foreach (string name in only.Where(name => masters is not null && !masters.Contains(name)))
        {
            errors.Add(
                receiver.PathOf("masters"), $"{QuotedValue.Of(name)} is no master here; expected {QuotedValue.AnyOf([.. masters!])}");
        }
    }

    private static NotifyRateLimitOptions ReadRateLimit(OptionSection limit)
    {
        var defaults = new NotifyRateLimitOptions();
        return new NotifyRateLimitOptions
        {
            Burst = limit.Value("burst", defaults.Burst, ValueParsers.WholeNumber(1, 1000)),
            Interval = limit.Value("interval", defaults.Interval, ValueParsers.Duration(Shortest, Hour)),
        };
    }

    private NotifyWebhookOptions? ReadWebhook(OptionSection webhook)
    {
        string? text = readSecret(webhook, "url");
        Uri? url = null;
        if (!webhook.Has("url") && !webhook.Has("urlFile"))
        {
            errors.Add(webhook.PathOf("url"), "missing; expected url or urlFile");
        }
        else if (text is not null && !IsUrl(text, out url))
        {
            // Not shown: it may have a secret in it, whatever else is wrong with it.
            errors.Add(
                webhook.PathOf(webhook.Has("url") ? "url" : "urlFile"),
                "is not an absolute URL; expected something like \"https://ops.example/hooks/redis\", http or https");
        }

        string? secret = readSecret(webhook, "secret");
        TimeSpan timeout = webhook.Value("timeout", 5 * Second, ValueParsers.Duration(Shortest, Minute));
        int attempts = webhook.Value("maxAttempts", 5, ValueParsers.WholeNumber(1, 20));
        return url is null
            ? null
            : new NotifyWebhookOptions { Url = url, Secret = secret, Timeout = timeout, MaxAttempts = attempts };
    }

    private static bool IsUrl(string text, out Uri? url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url) && url.Scheme is "http" or "https" && url!.Host.Length > 0;

    private NotifyCommandOptions? ReadCommand(OptionSection command)
    {
        string? path = command.Optional("path", ValueParsers.Text);
        if (!command.Has("path"))
        {
            errors.Add(command.PathOf("path"), "missing; expected the path of a program");
        }

        string? program = path is null ? null : FindProgram(command.PathOf("path"), path);
        IReadOnlyList<string> arguments = command.Values<string>("args", "[ \"--option\", … ]", ParseArgument, mayRepeat: true);
        if (arguments.Count > MaxArguments)
        {
            errors.Add(command.PathOf("args"), $"has {arguments.Count} arguments; expected at most {MaxArguments}");
        }

        CommandRole role = command.Value("role", CommandRole.Leader, ValueParsers.Choice(
            ("leader", CommandRole.Leader), ("observer", CommandRole.Observer)));
        TimeSpan timeout = command.Value("timeout", Minute, ValueParsers.Duration(Shortest, 10 * Minute));
        int attempts = command.Value("maxAttempts", 10, ValueParsers.WholeNumber(1, 20));
        return program is null ? null : new NotifyCommandOptions
        {
            Path = program,
            Args = arguments,
            Role = role,
            Timeout = timeout,
            MaxAttempts = attempts,
        };
    }

    private string? FindProgram(string place, string path)
    {
        const string Expected = "expected a program that may be executed";
        string complaint;
        try
        {
            string full = Path.GetFullPath(path, directory);
            if (Directory.Exists(full))
            {
                complaint = "is a directory";
            }
            else if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(full) & AnyExecute) == 0)
            {
                complaint = "may not be executed";
            }
            else
            {
                return full;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            complaint = e is ArgumentException ? "is not a path" : FileProblem.Describe(e);
        }

        errors.Add(place, $"{QuotedValue.Of(path)} {complaint}; {Expected}");
        return null;
    }

    private static string? ParseArgument(string text, out string value)
    {
        value = text;
        return text.Contains('\0', StringComparison.Ordinal) ? "has a zero character in it; expected none" : null;
    }
}
