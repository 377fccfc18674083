using System.Globalization;
using System.Text;

using Microsoft.Extensions.Configuration;

namespace RedisProxy.Configuration;

/// <summary>
/// The two spellings of a key's path: <c>listeners:0:bind</c> internally, because configuration sources are merged that way, and
/// <c>listeners[0].bind</c> in messages.
/// </summary>
internal static class OptionPath
{
    /// <summary>The one section whose keys are data and contain colons themselves.</summary>
    private const string AddressMapPrefix = "sentinel:addressMap:";

    public static string Combine(string parent, string key) => parent.Length == 0 ? key : ConfigurationPath.Combine(parent, key);

    /// <summary>Whether the path is the ancestor itself, or below it.</summary>
    public static bool IsWithin(string path, string ancestor) =>
        path.StartsWith(ancestor, StringComparison.OrdinalIgnoreCase)
        && (path.Length == ancestor.Length || path[ancestor.Length] == ConfigurationPath.KeyDelimiter[0]);

    /// <summary>List indexes are canonical numbers; anything else is a name.</summary>
    public static bool IsIndex(string key) =>
        int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
        && key == index.ToString(CultureInfo.InvariantCulture);

    public static string Show(string path)
    {
        if (path.StartsWith(AddressMapPrefix, StringComparison.OrdinalIgnoreCase))
        {
            return $"sentinel.addressMap[{QuotedValue.Of(path[AddressMapPrefix.Length..])}]";
        }

        var shown = new StringBuilder();
        foreach (string key in path.Split(ConfigurationPath.KeyDelimiter))
        {
            if (IsIndex(key))
            {
                shown.Append('[').Append(key).Append(']');
            }
            else
            {
                shown.Append(shown.Length == 0 ? "" : ".").Append(IsPlain(key) ? key : QuotedValue.Of(key));
            }
        }

        return shown.ToString();
    }

    /// <summary>Any other key is probably a mistake, and may contain anything.</summary>
    private static bool IsPlain(string key) => key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}
