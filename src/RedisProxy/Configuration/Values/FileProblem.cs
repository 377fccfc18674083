namespace RedisProxy.Configuration;

/// <summary>Why a file cannot be read, in words that do not depend on the platform or repeat the path.</summary>
internal static class FileProblem
{
    public static string Describe(Exception error) => error switch
    {
        FileNotFoundException or DirectoryNotFoundException => "does not exist",
        UnauthorizedAccessException => "is not readable, or is a directory",
        _ => $"cannot be read: {error.Message}",
    };
}
