namespace RedisProxy.Configuration;

/// <summary>Why a file cannot be read, in words that neither depend on the platform nor repeat the path.</summary>
internal static class FileProblem
{
    public static string Describe(Exception error) => error switch
    {
        FileNotFoundException or DirectoryNotFoundException => "does not exist",
        UnauthorizedAccessException => "is not readable, or is a directory",
        _ => $"cannot be read: {error.Message}",
    };
}
