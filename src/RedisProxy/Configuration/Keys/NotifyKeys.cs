using static RedisProxy.Configuration.ValueParsers;

namespace RedisProxy.Configuration;

/// <summary>The keys of <c>notify[]</c>, and the checks that are possible before anything is sent.</summary>
internal static class NotifyKeys
{
    private const string Expected = "[ { \"name\": …, \"webhook\": { \"url\": … } }, … ]";
    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private static readonly KeyTable<NotifyRateLimitOptions> RateLimit = new KeyTable<NotifyRateLimitOptions>(new())
        .Value("burst", WholeNumber(1, 1000), o => o.Burst, (o, v) => o with { Burst = v })
        .Value("interval", Duration("100ms", "1h"), o => o.Interval, (o, v) => o with { Interval = v });

    private static readonly KeyTable<NotifyWebhookOptions> Webhook = new KeyTable<NotifyWebhookOptions>(new() { Url = null! })
        .Step((section, o) => ReadUrl(section) is { } url ? o with { Url = url } : o)
        .Declare(new OptionKey<NotifyWebhookOptions>(
            "url", (old, now) => (old.Url.OriginalString, now.Url.OriginalString), (old, now) => now with { Url = old.Url })
        {
            Shape = new KeyShape(KeyForm.Secret, ValueKind.String) { Pattern = "^[Hh][Tt][Tt][Pp][Ss]?://." },
        })
        .Hidden().Required("url or urlFile")
        .Secret("secret", o => o.Secret, (o, v) => o with { Secret = v })
        .Value("timeout", Duration("100ms", "1m"), o => o.Timeout, (o, v) => o with { Timeout = v })
        .Value("maxAttempts", WholeNumber(1, 20), o => o.MaxAttempts, (o, v) => o with { MaxAttempts = v });

    private static readonly KeyTable<NotifyCommandOptions> Command = new KeyTable<NotifyCommandOptions>(new() { Path = "" })
        .Step((section, o) => o with { Path = ReadProgram(section) ?? "" })
        .Declare(new OptionKey<NotifyCommandOptions>(
            "path", (old, now) => (old.Path, now.Path), (old, now) => now with { Path = old.Path })
        {
            Shape = KeyShape.Of(KeyForm.Value, Text),
        })
        .Required("the path of a program")
        .List(
            "args",
            "[ \"--option\", … ]",
            new ValueRule<string>(ParseArgument),
            o => o.Args,
            (o, v) => o with { Args = v },
            mayRepeat: true)

        // An argument may contain anything but a null character.
        .Shown(o => string.Join('\0', o.Args)).Hidden()
        .Check((section, o) =>
        {
            if (o.Args.Count > NotifyCommandOptions.MaxArgs)
            {
                section.Refuse("args", $"has {o.Args.Count} arguments; expected at most {NotifyCommandOptions.MaxArgs}");
            }
        })
        .Value(
            "role", Choice(("leader", CommandRole.Leader), ("observer", CommandRole.Observer)), o => o.Role, (o, v) => o with { Role = v })
        .Value("timeout", Duration("100ms", "10m"), o => o.Timeout, (o, v) => o with { Timeout = v })
        .Value("maxAttempts", WholeNumber(1, 20), o => o.MaxAttempts, (o, v) => o with { MaxAttempts = v });

    public static KeyTable<NotifyOptions> Table { get; } = new KeyTable<NotifyOptions>(new() { Name = "", Events = [] })
        .Value("name", Name, o => o.Name, (o, v) => o with { Name = v })
        .Identifies().Required("a name for logs and metrics")
        .List("events", "[ \"failover_finished\", … ]", Choice(NotifyEvents.Choices), o => o.Events, (o, v) => o with { Events = v })
        .List("masters", "[ \"mymaster\", … ]", Name, o => o.Masters, (o, v) => o with { Masters = v })
        .Value("startedAfter", Duration("0s", "1h"), o => o.StartedAfter, (o, v) => o with { StartedAfter = v })
        .Section("rateLimit", RateLimit, o => o.RateLimit, (o, v) => o with { RateLimit = v })
        .Step((section, o) => ReadPart(section, "webhook", Webhook) is { Url: not null } webhook ? o with { Webhook = webhook } : o)
        .KeysOf("webhook.", Webhook, o => o.Webhook, (o, v) => o with { Webhook = v })
        .Step((section, o) => ReadPart(section, "command", Command) is { Path.Length: > 0 } command ? o with { Command = command } : o)
        .KeysOf("command.", Command, o => o.Command, (o, v) => o with { Command = v });

    /// <param name="all">The whole configuration.</param>
    /// <param name="masters">The known masters; null when not all of them are valid.</param>
    public static IReadOnlyList<NotifyOptions> Read(OptionSection all, IReadOnlyList<string>? masters)
    {
        var names = new HashSet<string>();
        NotifyOptions[] receivers =
        [
            .. all.Sections("notify", Expected, receiver => ReadOne(receiver, names, masters)).OfType<NotifyOptions>(),
        ];
        if (receivers.Length > NotifyOptions.MaxReceivers)
        {
            all.Refuse("notify", $"has {receivers.Length} receivers; expected at most {NotifyOptions.MaxReceivers}");
        }

        return receivers;
    }

    // Null when a required key is missing, which has been reported.
    private static NotifyOptions? ReadOne(OptionSection receiver, HashSet<string> names, IReadOnlyList<string>? masters)
    {
        NotifyOptions read = Table.Read(receiver);
        if (read.Name.Length > 0 && !names.Add(read.Name))
        {
            receiver.Refuse("name", $"{QuotedValue.Of(read.Name)} is the name of another receiver, too; expected one of its own");
        }

        foreach (string name in read.Masters.Where(name => masters is not null && !masters.Contains(name)))
        {
            receiver.Refuse("masters", $"{QuotedValue.Of(name)} is not a known master; expected {QuotedValue.AnyOf([.. masters!])}");
        }

        bool isCommand = receiver.Has("command");
        if (isCommand && receiver.Has("webhook"))
        {
            receiver.Refuse("command", "is given together with webhook; expected one of them");
        }
        else if (!isCommand && !receiver.Has("webhook"))
        {
            receiver.Refuse("has no destination; expected webhook or command");
        }

        return read.Name.Length == 0 || (read.Webhook is null && read.Command is null) ? null : read with
        {
            Events = read.Events.Count > 0 ? read.Events : isCommand ? NotifyEvents.OfCommands : NotifyEvents.All,
        };
    }

    private static T? ReadPart<T>(OptionSection receiver, string key, KeyTable<T> table)
        where T : class
    {
        bool isGiven = receiver.Has(key);
        return receiver.Section(key, section => isGiven ? table.Read(section) : null);
    }

    private static Uri? ReadUrl(OptionSection webhook)
    {
        if (webhook.Secret("url") is not { } text)
        {
            return null;
        }

        if (!IsUrl(text, out Uri? url))
        {
            // Not shown: an invalid URL may still contain a secret.
            webhook.Refuse(
                webhook.Has("url") ? "url" : "urlFile",
                "is not an absolute URL; expected something like \"https://ops.example/hooks/redis\", http or https");
            return null;
        }

        return url;
    }

    private static bool IsUrl(string text, out Uri? url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url) && url.Scheme is "http" or "https" && url!.Host.Length > 0;

    private static string? ReadProgram(OptionSection command) =>
        command.TryRead("path", Text, out string? path) ? FindProgram(command, path!) : null;

    private static string? FindProgram(OptionSection command, string path)
    {
        const string Expected = "expected an executable program";
        string complaint;
        try
        {
            string full = Path.GetFullPath(path, command.Directory);
            if (Directory.Exists(full))
            {
                complaint = "is a directory";
            }
            else if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(full) & AnyExecute) == 0)
            {
                complaint = "is not executable";
            }
            else
            {
                return full;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            complaint = e is ArgumentException ? "is not a path" : FileProblem.Describe(e, path, command.Directory);
        }

        command.Refuse("path", $"{QuotedValue.Of(path)} {complaint}; {Expected}");
        return null;
    }

    private static string? ParseArgument(string text, out string value)
    {
        value = text;
        return text.Contains('\0', StringComparison.Ordinal) ? "contains a null character; expected none" : null;
    }
}
