using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace RedisProxy.Configuration;

/// <summary>
/// The configuration file: JSON with comments and trailing commas. Not read by the framework's provider, which stops at the first duplicate
/// key, buries line and column in its message, and does not distinguish a missing value, <c>{}</c> and <c>[]</c>.
/// </summary>
internal static class OptionFile
{
    private const string GivenTwice = "is given twice; expected once";
    private const string Expected = "expected { \"listeners\": [ … ], … }";

    // Of the longest one that anybody would write, and small enough for a running proxy to look at by mistake.
    private const int MaxBytes = 16 * 1024 * 1024;

    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>The file's content; null when it cannot be read, which has been reported.</summary>
    public static byte[]? Load(string file, string directory, OptionErrors errors)
    {
        if (file.Length == 0)
        {
            // The result of --config "$FILE" when the variable is not set.
            errors.AddSource("--config", "\"\" is empty; expected the name of a file");
            return null;
        }

        try
        {
            byte[] content = BoundedFile.ReadStart(Path.GetFullPath(file, directory), MaxBytes);
            if (content.Length <= MaxBytes)
            {
                return content;
            }

            errors.AddSource(file, $"is larger than {MaxBytes / (1024 * 1024)} MiB; {Expected}");
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            errors.AddSource(file, FileProblem.Describe(e, file, directory));
            return null;
        }
    }

    /// <summary>False when the content is not a configuration at all; errors in one are collected as well.</summary>
    public static bool TryRead(string file, byte[] content, OptionLayer layer, OptionErrors errors)
    {
        string? problem = Parse(content, layer, errors);
        if (problem is not null)
        {
            errors.AddSource(file, problem);
        }

        return problem is null;
    }

    private static string? Parse(byte[] bytes, OptionLayer layer, OptionErrors errors)
    {
        bool hasByteOrderMark = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble);
        ReadOnlyMemory<byte> text = bytes.AsMemory(hasByteOrderMark ? Encoding.UTF8.Preamble.Length : 0);
        if (DescribeEncoding(text.Span) is { } complaint)
        {
            return complaint;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(text, Lenient);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return $"is not an object; {Expected}";
            }

            AddObject(document.RootElement, "", layer, errors);
            return null;
        }
        catch (JsonException e)
        {
            return DescribeSyntaxError(e, text.Span);
        }
        catch (InvalidOperationException)
        {
            // Thrown by the reader for "\ud800" without its other half, in a key or a value.
            return "has half of a surrogate pair in a string; expected both halves, or the character itself";
        }
    }

    private static void Add(JsonElement value, string path, OptionLayer layer, OptionErrors errors)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object when value.EnumerateObject().Any():
                AddObject(value, path, layer, errors);
                break;
            case JsonValueKind.Array when value.GetArrayLength() > 0:
                foreach ((int index, JsonElement item) in value.EnumerateArray().Index())
                {
                    Add(item, OptionPath.Combine(path, $"{index}"), layer, errors);
                }

                break;
            default:
                if (!layer.TryAdd(path, Scalar(value), origin: ""))
                {
                    // Two spellings of one path: "hold:timeout", and "timeout" in "hold".
                    errors.Add(path, GivenTwice);
                }

                break;
        }
    }

    private static void AddObject(JsonElement value, string path, OptionLayer layer, OptionErrors errors)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (JsonProperty property in value.EnumerateObject())
        {
            string propertyPath = OptionPath.Combine(path, property.Name);
            if (names.Add(property.Name))
            {
                Add(property.Value, propertyPath, layer, errors);
            }
            else
            {
                errors.Add(propertyPath, GivenTwice);
            }
        }
    }

    private static string? Scalar(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Object => OptionLayer.EmptyObject,
        JsonValueKind.Array => OptionLayer.EmptyList,
        JsonValueKind.String => value.GetString(),
        _ => value.GetRawText(),
    };

    /// <summary>Null: it is UTF-8.</summary>
    private static string? DescribeEncoding(ReadOnlySpan<byte> text)
    {
        if (Utf8.IsValid(text))
        {
            return null;
        }

        bool hasByteOrderMark = text.StartsWith(Encoding.Unicode.Preamble) || text.StartsWith(Encoding.BigEndianUnicode.Preamble);
        if (hasByteOrderMark || text[..Math.Min(2, text.Length)].Contains((byte)0))
        {
            return "is UTF-16 text; expected UTF-8";
        }

        // No character of UTF-8 contains the byte of a line's end.
        int line = 1;
        while (text.IndexOf((byte)'\n') is >= 0 and int end && Utf8.IsValid(text[..end]))
        {
            text = text[(end + 1)..];
            line++;
        }

        return $"line {line}: is not UTF-8 text";
    }

    private static string DescribeSyntaxError(JsonException error, ReadOnlySpan<byte> text)
    {
        if (error.Message.Contains("does not contain any JSON tokens", StringComparison.Ordinal))
        {
            return text.IsEmpty ? $"is empty; {Expected}" : $"contains no value; {Expected}";
        }

        long line = error.LineNumber ?? 0;
        for (long i = 0; i < line; i++)
        {
            text = text[(text.IndexOf((byte)'\n') + 1)..];
        }

        // The reader counts bytes, but people count characters.
        int column = Encoding.UTF8.GetCharCount(text[..(int)Math.Min(error.BytePositionInLine ?? 0, text.Length)]);
        return $"line {line + 1}, column {column + 1}: is not valid JSON: {WithoutValues(error.Message)}";
    }

    /// <summary>
    /// The reader's message without its position, and without excerpts of the file: an unquoted word that is not a literal may be a
    /// password.
    /// </summary>
    private static string WithoutValues(string message)
    {
        int position = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        string sentence = (position < 0 ? message : message[..position]).TrimEnd('.');
        int end = sentence.IndexOf("' is an invalid JSON literal", StringComparison.Ordinal);
        return end < 0 ? sentence : "this" + sentence[(end + 1)..];
    }
}
