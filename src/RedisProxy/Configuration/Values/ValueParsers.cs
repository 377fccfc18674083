using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace RedisProxy.Configuration;

/// <summary>The kinds of values. Every message about a single value is written here. Bounds are given as documented.</summary>
internal static class ValueParsers
{
    /// <summary>The pattern of an address with a port.</summary>
    public const string AnyEndpoint = "^.+:[0-9]+$";

    private const string AnyHost = @"^[^\s/:]+$|^\[?[0-9A-Fa-f:.]+\]?$";

    public static ValueRule<bool> TrueOrFalse { get; } = new(ParseBoolean)
    {
        Choices = ["true", "false"],
        Kind = ValueKind.Flag,
        Write = static value => value ? "true" : "false",
    };

    /// <summary>An address to connect to.</summary>
    public static ValueRule<HostEndpoint> Destination { get; } = new(ParseDestination)
    {
        Kind = ValueKind.String,
        Pattern = AnyEndpoint,
    };

    /// <summary>An address that others use for a server; it is only looked up, never connected to.</summary>
    public static ValueRule<HostEndpoint> Announced { get; } = new(ParseAnnounced)
    {
        Kind = ValueKind.String,
        Pattern = AnyEndpoint,
    };

    public static ValueRule<BindAddress> Bind { get; } = new(ParseBind)
    {
        Kind = ValueKind.String,
        Pattern = $"{AnyEndpoint}|^unix:/",
    };


    /// <summary>An address to listen on; null when the text is empty: do not listen.</summary>
    public static ValueRule<BindAddress> BindOrOff { get; } = new(ParseBindOrOff)
    {
        Kind = ValueKind.String,
        Pattern = $"{AnyEndpoint}|^unix:/|^$",
    };


    public static ValueRule<IPNetwork> Network { get; } = new(ParseNetwork)
    {
        Kind = ValueKind.String,
        Pattern = "^.+/[0-9]+$",
    };

    /// <summary>A name for error replies, logs and metrics.</summary>
    public static ValueRule<string> Name { get; } = new(ParseName) { Pattern = @"^\S+$" };

    /// <summary>Any non-empty text.</summary>
    public static ValueRule<string> Text { get; } = new(ParseText) { Pattern = "." };

    /// <summary>A DNS name or an address, without a port.</summary>
    public static ValueRule<string> HostName { get; } = new(ParseHostName) { Pattern = AnyHost };

    /// <summary>As <see cref="HostName"/>, or <c>*</c> for all.</summary>
    public static ValueRule<string> AdminHost { get; } = new(ParseAdminHost) { Pattern = AnyHost };

    /// <summary>Messages about it never show the value.</summary>
    public static ValueRule<string> Secret { get; } = new(ParseSecret) { Pattern = @"^[^\r\n]+$" };

    public static ValueRule<TimeSpan> Duration(string min, string max)
    {
        var range = new ValueRange(min, max);
        (TimeSpan shortest, TimeSpan longest) = (DurationOf(min), DurationOf(max));
        return new ValueRule<TimeSpan>((string text, out TimeSpan value) => !DurationText.TryParse(text, out value)
            ? $"{QuotedValue.Of(text)} is not a duration; expected something like \"250ms\", \"4s\" or \"2m\""
            : value >= shortest && value <= longest ? null : OutOf(range, text))
        {
            Range = range,
            Kind = ValueKind.Duration,
            Write = DurationText.Format,
        };
    }

    /// <summary>0 means never.</summary>
    public static ValueRule<TimeSpan> DurationOrNever(string min, string max)
    {
        ValueRule<TimeSpan> duration = Duration(min, max);
        return duration with
        {
            Parse = (string text, out TimeSpan value) => DurationText.TryParse(text, out value) && value == TimeSpan.Zero
                ? null
                : duration.Parse(text, out value) is { } complaint ? $"{complaint}, or 0 for never" : null,
            Range = new ValueRange(min, max, "0 or "),
        };
    }

    /// <summary>For socket options in seconds: truncating a fraction would be a silent change.</summary>
    public static ValueRule<TimeSpan> WholeSeconds(string min, string max)
    {
        ValueRule<TimeSpan> duration = Duration(min, max);
        return duration with
        {
            Parse = (string text, out TimeSpan value) =>
                duration.Parse(text, out value) is null && value.Ticks % TimeSpan.TicksPerSecond != 0
                    ? $"{QuotedValue.Of(text)} is not a whole number of seconds; expected something like \"10s\" or \"2m\""
                    : duration.Parse(text, out value),
        };
    }

    public static ValueRule<int> Size(string min, string max)
    {
        ValueRule<long> size = LongSize(min, max);
        return new ValueRule<int>((string text, out int value) =>
        {
            string? complaint = size.Parse(text, out long bytes);
            value = (int)bytes;
            return complaint;
        })
        {
            Range = size.Range,
            Kind = ValueKind.Size,
            Write = static value => SizeText.Format(value),
        };
    }

    public static ValueRule<long> LongSize(string min, string max) => Sizes(new ValueRange(min, max));

    /// <summary>0 means automatic.</summary>
    public static ValueRule<long> SizeOrAutomatic(string min, string max) => Sizes(new ValueRange(min, max, "0 or "));

    public static ValueRule<int> WholeNumber(int min, int max)
    {
        var range = new ValueRange(WriteNumber(min), WriteNumber(max));
        return new ValueRule<int>((string text, out int value) =>
        {
            value = 0;
            ReadOnlySpan<char> digits = text.StartsWith('-') ? text.AsSpan(1) : text;
            if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9'))
            {
                return $"{QuotedValue.Of(text)} is not a whole number; expected {range}";
            }

            return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value)
                && value >= min && value <= max
                    ? null
                    : OutOf(range, text);
        })
        {
            Range = range,
            Kind = ValueKind.Number,
            Write = WriteNumber,
        };
    }

    public static ValueRule<T> Choice<T>(params (string Name, T Value)[] choices) => new((string text, [MaybeNull] out T value) =>
    {
        foreach ((string name, T choice) in choices)
        {
            if (text.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                value = choice;
                return null;
            }
        }

        value = default;
        return $"{QuotedValue.Of(text)} is unknown; expected {QuotedValue.AnyOf([.. choices.Select(c => c.Name)])}";
    })
    {
        Choices = [.. choices.Select(c => c.Name)],
        Kind = ValueKind.String,
        Write = value => choices.First(choice => Equals(choice.Value, value)).Name,
    };

    private static string? ParseSecret(string text, out string value)
    {
        value = text;
        if (text.Length == 0)
        {
            return "is empty; expected a value, or no such key";
        }

        // A careless "echo" leaves a newline at the end of a container's secret. No password has one.
        return text.AsSpan().ContainsAny('\r', '\n') ? "contains a line break; expected one line" : null;
    }

    private static ValueRule<long> Sizes(ValueRange range)
    {
        (long smallest, long largest) = (SizeOf(range.Min), SizeOf(range.Max));
        return new ValueRule<long>((string text, out long value) =>
        {
            if (!SizeText.TryParse(text, out value))
            {
                return $"{QuotedValue.Of(text)} is not a size; expected something like 65536, \"64KiB\" or \"10MiB\"";
            }

            bool isGood = (value >= smallest && value <= largest) || (value == 0 && range.Special.Length > 0);
            value = isGood ? value : 0;
            return isGood ? null : OutOf(range, text);
        })
        {
            Range = range,
            Kind = ValueKind.Size,
            Write = SizeText.Format,
        };
    }

    private static TimeSpan DurationOf(string text) =>
        DurationText.TryParse(text, out TimeSpan duration) ? duration : throw new ArgumentException(text, nameof(text));

    private static long SizeOf(string text) =>
        SizeText.TryParse(text, out long bytes) ? bytes : throw new ArgumentException(text, nameof(text));

    private static string OutOf(ValueRange range, string text) => $"{QuotedValue.Of(text)} is out of range; expected {range}";

    private static string WriteNumber(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string? ParseBoolean(string text, out bool value) =>
        bool.TryParse(text, out value) ? null : $"{QuotedValue.Of(text)} is not a boolean; expected true or false";

    private static string? ParseDestination(string text, out HostEndpoint? value)
    {
        if (ParseAnnounced(text, out value) is { } complaint)
        {
            return complaint;
        }

        return value!.IsAnyAddress
            ? $"{QuotedValue.Of(text)} is not an address to connect to; expected the address of a server"
            : null;
    }

    private static string? ParseAnnounced(string text, out HostEndpoint? value) => HostEndpoint.TryParse(text, out value)
        ? null
        : $"{QuotedValue.Of(text)} {AddressProblem.Describe(text, "is not an endpoint")}; expected \"host:port\" or \"[IPv6]:port\"";

    private static string? ParseBindOrOff(string text, out BindAddress? value)
    {
        value = null;
        return text.Length == 0
            ? null
            : ParseBind(text, out value)?.Replace(" or \"unix:/path\"", ", \"unix:/path\" or \"\" for none", StringComparison.Ordinal);
    }

    private static string? ParseBind(string text, out BindAddress? value)
    {
        if (BindAddress.TryParse(text, out value))
        {
            return null;
        }

        return text.StartsWith($"{BindAddress.UnixPrefix}/", StringComparison.Ordinal)
            ? $"{QuotedValue.Of(text)} is too long: the path of a socket has at most {BindAddress.MaxUnixPathBytes} bytes"
            : text.StartsWith(BindAddress.UnixPrefix, StringComparison.Ordinal)
            ? $"{QuotedValue.Of(text)} is not a socket's path; expected \"unix:/path\", from the root"
            : $"{QuotedValue.Of(text)} {AddressProblem.Describe(text, "is not an address to listen on")}; "
                + $"expected \"host:port\", \"[IPv6]:port\" or \"unix:/path\"{AddressProblem.Suggest(text)}";
    }

    private static string? ParseNetwork(string text, out IPNetwork value)
    {
        value = default;
        return text.Contains('/', StringComparison.Ordinal) && IPNetwork.TryParse(text, out value)
            ? null
            : $"{QuotedValue.Of(text)} is not a network; expected something like \"10.0.0.0/8\" or \"2001:db8::/32\"";
    }

    private static string? ParseName(string text, out string value)
    {
        value = text;
        return text.Length > 0 && !text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))
            ? null
            : $"{QuotedValue.Of(text)} is not a name; expected one word without spaces";
    }

    private static string? ParseText(string text, out string value)
    {
        value = text;
        return text.Length > 0 ? null : "\"\" is empty; expected a value, or no such key";
    }

    private static string? ParseHostName(string text, out string value)
    {
        value = text;
        return Uri.CheckHostName(text) != UriHostNameType.Unknown
            ? null
            : $"{QuotedValue.Of(text)} is not a host name; expected one";
    }

    private static string? ParseAdminHost(string text, out string value)
    {
        string? complaint = ParseHostName(text, out value);
        return complaint is null || text == "*"
            ? null
            : $"{QuotedValue.Of(text)} is not a host name; expected one, or \"*\" for all";
    }
}
