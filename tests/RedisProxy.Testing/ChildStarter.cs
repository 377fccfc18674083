using System.Collections.Concurrent;
using System.Diagnostics;

namespace RedisProxy.Testing;

/// <summary>
/// Starts all children on one thread that lives as long as the process. The signal that a child gets when its parent dies
/// (PR_SET_PDEATHSIG, prctl(2)) is actually sent at the death of the <i>thread</i> that forked it, and pool threads come and go.
/// </summary>
internal static class ChildStarter
{
    private const string DieWithParent = "/usr/bin/setpriv";
    private const string OwnSession = "/usr/bin/setsid";

    private static readonly BlockingCollection<(Process Process, TaskCompletionSource Started)> Requests = [];

    static ChildStarter()
    {
        var thread = new Thread(Run) { IsBackground = true, Name = "child starter" };
        thread.Start();
    }

    public static async Task StartAsync(Process process)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Requests.Add((process, started));
        await started.Task;
    }

    /// <summary>
    /// Both tools become the program by exec(2), so the process id stays the same. The child gets its own session, because otherwise Ctrl-C
    /// in a terminal would reach it too, before this process ends it properly.
    /// </summary>
    public static ProcessStartInfo Describe(string program, IEnumerable<string> arguments)
    {
        string[] prefix = File.Exists(DieWithParent) && File.Exists(OwnSession)
            ? [OwnSession, DieWithParent, "--pdeathsig", "KILL", "--"]
            : [];
        string[] words = [.. prefix, program, .. arguments];
        var description = new ProcessStartInfo(words[0])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (string word in words.Skip(1))
        {
            description.ArgumentList.Add(word);
        }

        return description;
    }

    private static void Run()
    {
        foreach ((Process process, TaskCompletionSource started) in Requests.GetConsumingEnumerable())
        {
            try
            {
                process.Start();
                started.SetResult();
            }
#pragma warning disable CA1031 // For the caller, not for this thread.
            catch (Exception e)
#pragma warning restore CA1031
            {
                started.SetException(e);
            }
        }
    }
}
