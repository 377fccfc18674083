namespace RedisProxy.Testing;

/// <summary>
/// Where long tests say how far they are while they run, since a test's own output is shown only when it has ended: a file that
/// <c>test.sh</c> follows.
/// </summary>
public static class ProgressFile
{
    /// <summary>The file's path; without it, nothing is said.</summary>
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
