using System.Text;

namespace RedisProxy.Configuration;

/// <summary>
/// A secret in a file of its own, as container platforms mount them. The first line is the secret: editors and <c>echo</c> end a file with
/// a newline that is not part of the secret.
/// </summary>
internal static class SecretFile
{
    /// <summary>Null, with the reason in <paramref name="complaint"/>, when the file contains no secret.</summary>
    /// <param name="file">Its path.</param>
    /// <param name="directory">The base of a relative path.</param>
    /// <param name="what">What the secret is called, for the complaint.</param>
    /// <param name="complaint">The message that follows the key.</param>
    public static string? Read(string file, string directory, string what, out string complaint)
    {
        complaint = "";
        try
        {
            using var reader = new StreamReader(
                Path.GetFullPath(file, directory), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
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
