namespace RedisProxy.Testing;

/// <summary>
/// Progress reports of long tests while they run, since a test's own output is shown only at its end: a file that <c>test.sh</c>
/// follows.
/// </summary>
public static class ProgressFile
{
    /// <summary>Path of the file; if unset, nothing is reported.</summary>
    public const string Variable = "REDISPROXY_TEST_PROGRESS";

    private static readonly Lock Gate = new();

    public static void Say(string line)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } path)
        {
            return;
        }

        lock (Gate)
        {
            File.AppendAllText(path, line + '\n');
        }
    }
}
