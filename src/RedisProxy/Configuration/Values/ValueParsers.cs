using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace RedisProxy.Configuration;

/// <summary>Understands one value. Returns null when it did, else the complaint: the value as given, and what was expected.</summary>
internal delegate string? ValueParser<T>(string text, [MaybeNull] out T value);

/// <summary>The kinds of values there are. Every message about a single value is written here.</summary>
internal static class ValueParsers
{
    public static ValueParser<bool> Boolean { get; } = ParseBoolean;

    /// <summary>Something to connect to.</summary>
    public static ValueParser<HostEndpoint> Destination { get; } = ParseDestination;

    /// <summary>What somebody else calls a server; it is looked up and never connected to as it is.</summary>
    public static ValueParser<HostEndpoint> Announced { get; } = ParseAnnounced;

    public static ValueParser<BindAddress> Bind { get; } = ParseBind;

    /// <summary>Something to listen on; null when the empty text says not to listen at all.</summary>
    public static ValueParser<BindAddress> BindOrOff { get; } = ParseBindOrOff;

    public static ValueParser<IPNetwork> Network { get; } = ParseNetwork;

    /// <summary>A name that will stand in error replies, logs and metrics.</summary>
    public static ValueParser<string> Name { get; } = ParseName;

    /// <summary>Any text but none.</summary>
    public static ValueParser<string> Text { get; } = ParseText;

    /// <summary>A name of DNS or an address, without a port.</summary>
    public static ValueParser<string> HostName { get; } = ParseHostName;

    /// <summary>As <see cref="HostName"/>, or <c>*</c> for all.</summary>
    public static ValueParser<string> AdminHost { get; } = ParseAdminHost;

    public static ValueParser<TimeSpan> Duration(TimeSpan min, TimeSpan max) => (string text, out TimeSpan value) =>
    {
        if (!DurationText.TryParse(text, out value))
        {
            return $"{QuotedValue.Of(text)} is not a duration; expected something like \"250ms\", \"4s\" or \"2m\"";
        }

        return value >= min && value <= max
            ? null
            : $"{QuotedValue.Of(text)} is out of range; expected {DurationText.Format(min)} to {DurationText.Format(max)}";
    };

    /// <summary>0 stands for never.</summary>
    public static ValueParser<TimeSpan> DurationOrNever(TimeSpan min, TimeSpan max) => (string text, out TimeSpan value) =>
        DurationText.TryParse(text, out value) && value == TimeSpan.Zero
            ? null
            : Duration(min, max)(text, out value) is { } complaint ? $"{complaint}, or 0 for never" : null;

    /// <summary>For socket options that count in seconds: cutting a fraction off would be a silent change.</summary>
    public static ValueParser<TimeSpan> WholeSeconds(TimeSpan min, TimeSpan max) => (string text, out TimeSpan value) =>
    {
        string? complaint = Duration(min, max)(text, out value);
        return complaint is null && value.Ticks % TimeSpan.TicksPerSecond != 0
            ? $"{QuotedValue.Of(text)} is not a whole number of seconds; expected something like \"10s\" or \"2m\""
            : complaint;
    };

    public static ValueParser<int> Size(int min, int max) => (string text, out int value) =>
    {
        string? complaint = ParseSize(text, min, max, "", out long bytes);
        value = (int)bytes;
        return complaint;
    };

    public static ValueParser<long> LongSize(long min, long max) =>
        (string text, out long value) => ParseSize(text, min, max, "", out value);

    /// <summary>0 leaves it to the program.</summary>
    public static ValueParser<long> SizeOrAutomatic(long min, long max) =>
        (string text, out long value) => ParseSize(text, min, max, "0 or ", out value);

    public static ValueParser<int> WholeNumber(int min, int max) => (string text, out int value) =>
    {
        value = 0;
        ReadOnlySpan<char> digits = text.StartsWith('-') ? text.AsSpan(1) : text;
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9'))
        {
            return $"{QuotedValue.Of(text)} is not a whole number; expected {min} to {max}";
        }

        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= min && value <= max
            ? null
            : $"{QuotedValue.Of(text)} is out of range; expected {min} to {max}";
    };

    public static ValueParser<T> Choice<T>(params (string Name, T Value)[] choices) => (string text, [MaybeNull] out T value) =>
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
    };

    /// <summary>Its complaints never show what was given.</summary>
    public static string? Secret(string text, out string value)
    {
        value = text;
        if (text.Length == 0)
        {
            return "is empty; expected a value, or no such key";
        }

        // A newline at the end is what a careless "echo" leaves in a container's secret. Nobody has one in a password.
        return text.AsSpan().ContainsAny('\r', '\n') ? "has a line break in it; expected one line" : null;
    }

    private static string? ParseSize(string text, long min, long max, string orElse, out long value)
    {
        if (!SizeText.TryParse(text, out long bytes))
        {
            value = 0;
            return $"{QuotedValue.Of(text)} is not a size; expected something like 65536, \"64KiB\" or \"10MiB\"";
        }

        bool isGood = (bytes >= min && bytes <= max) || (bytes == 0 && orElse.Length > 0);
        value = isGood ? bytes : 0;
        return isGood
            ? null
            : $"{QuotedValue.Of(text)} is out of range; expected {orElse}{SizeText.Format(min)} to {SizeText.Format(max)}";
    }

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
        : $"{QuotedValue.Of(text)} is not an endpoint; expected \"host:port\" or \"[IPv6]:port\"";

    private static string? ParseBindOrOff(string text, out BindAddress? value)
    {
        value = null;
        return text.Length == 0 ? null : ParseBind(text, out value)?.Replace(" or \"unix:/path\"", ", \"unix:/path\" or \"\" for none");
    }

    private static string? ParseBind(string text, out BindAddress? value)
    {
        if (BindAddress.TryParse(text, out value))
        {
            return null;
        }

        return text.StartsWith(BindAddress.UnixPrefix, StringComparison.Ordinal)
            ? $"{QuotedValue.Of(text)} is not a socket's path; expected \"unix:/path\" with at most {BindAddress.MaxUnixPathBytes} bytes"
            : $"{QuotedValue.Of(text)} is not an address to listen on; expected \"host:port\", \"[IPv6]:port\" or \"unix:/path\"";
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
            : $"{QuotedValue.Of(text)} is not a name; expected one word without blanks";
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
            : $"{QuotedValue.Of(text)} is not the name of a host; expected one";
    }

    private static string? ParseAdminHost(string text, out string value)
    {
        string? complaint = ParseHostName(text, out value);
        return complaint is null || text == "*"
            ? null
            : $"{QuotedValue.Of(text)} is not the name of a host; expected one, or \"*\" for all";
    }
}
