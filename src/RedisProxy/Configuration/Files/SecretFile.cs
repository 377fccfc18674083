using System.Text;

namespace RedisProxy.Configuration;

/// <summary>
/// A secret in a file of its own, as container platforms mount them. The first line is the secret: editors and <c>echo</c> end a file with
/// a newline that is not part of the secret.
/// </summary>
internal static class SecretFile
{
    private const int MaxBytes = 64 * 1024;

    /// <summary>Null, with the reason in <paramref name="complaint"/>, when the file contains no secret.</summary>
    /// <param name="file">Its path.</param>
    /// <param name="directory">The base of a relative path.</param>
    /// <param name="what">What the secret is called, for the complaint.</param>
    /// <param name="complaint">The message that follows the key.</param>
    public static string? Read(string file, string directory, string what, out string complaint)
    {
        complaint = "";
        if (file.Length == 0)
        {
            // The result of --token-file "$FILE" when the variable is not set.
            complaint = $"\"\" is empty; expected the name of a file with the {what} in its first line";
            return null;
        }

        try
        {
            byte[] content = BoundedFile.ReadStart(Path.GetFullPath(file, directory), MaxBytes);
            if (content.Length > MaxBytes && !content.AsSpan().ContainsAny((byte)'\r', (byte)'\n'))
            {
                complaint = $"{QuotedValue.Of(file)} has a first line of more than {MaxBytes / 1024} KiB; expected the {what} there";
                return null;
            }

            using var reader = new StreamReader(
                new MemoryStream(content), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
            string? line = reader.ReadLine();
            if (!string.IsNullOrEmpty(line))
            {
                return line;
            }

            complaint = $"{QuotedValue.Of(file)} has nothing in its first line; expected the {what} there";
        }
        catch (DecoderFallbackException)
        {
            complaint = $"{QuotedValue.Of(file)} is not UTF-8 text; expected the {what} in its first line";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            string problem = FileProblem.Describe(e, file, directory);
            complaint = $"{QuotedValue.Of(file)} {problem}; expected a file with the {what} in its first line";
        }

        return null;
    }
}

/// <summary>Reads secrets, and remembers their files: who watches them has to know which there are.</summary>
/// <param name="Directory">The base of relative paths.</param>
/// <param name="Files">Receives the whole paths.</param>
internal sealed record SecretFolder(string Directory, ICollection<string> Files)
{
    /// <inheritdoc cref="SecretFile.Read"/>
    public string? Read(string file, string what, out string complaint)
    {
        string? secret = SecretFile.Read(file, Directory, what, out complaint);
        if (!file.Contains('\0', StringComparison.Ordinal))
        {
            Files.Add(Path.GetFullPath(file, Directory));
        }

        return secret;
    }
}
