namespace RedisProxy.Configuration;

/// <summary>
/// Headers as OpenTelemetry writes them: <c>name=value,name=value</c>, both percent-encoded (specification of the OTLP exporter,
/// "Specifying headers via environment variables").
/// </summary>
internal static class OtlpHeaders
{
    /// <returns>Null when the text is valid; otherwise the error, without any part of the text: it is secret.</returns>
    public static string? Parse(string text, out IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        var found = new List<KeyValuePair<string, string>>();
        headers = found;
        string[] entries = text.Split(',', StringSplitOptions.TrimEntries);
        for (int i = 0; i < entries.Length; i++)
        {
            int equals = entries[i].IndexOf('=', StringComparison.Ordinal);
            string name = equals > 0 ? Uri.UnescapeDataString(entries[i][..equals].Trim()) : "";
            string value = Uri.UnescapeDataString(entries[i][(equals + 1)..].Trim());
            if (!IsName(name) || value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                return $"header {i + 1} cannot be sent; expected \"name=value\", separated by commas, percent-encoded";
            }

            if (found.Any(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)))
            {
                return $"header {i + 1} repeats the name of an earlier one; expected each name once";
            }

            found.Add(new KeyValuePair<string, string>(name, value));
        }

        return null;
    }

    // Content headers (Content-Type…) are set by the exporter.
    private static bool IsName(string name)
    {
        using var request = new HttpRequestMessage();
        return request.Headers.TryAddWithoutValidation(name, "");
    }
}
