namespace RedisProxy.Configuration;

/// <summary>Why a file cannot be read, in words that neither depend on the platform nor repeat the path.</summary>
internal static class FileProblem
{
    /// <param name="error">What came of trying.</param>
    /// <param name="file">Its path, relative to the directory.</param>
    /// <param name="directory">The base of a relative path.</param>
    public static string Describe(Exception error, string file, string directory) => error switch
    {
        FileNotFoundException or DirectoryNotFoundException => "does not exist",
        UnauthorizedAccessException when Directory.Exists(Path.Combine(directory, file)) => "is a directory",
        UnauthorizedAccessException => $"must not be read by this user ({Environment.UserName})",
        _ => $"cannot be read: {error.Message}",
    };
}
