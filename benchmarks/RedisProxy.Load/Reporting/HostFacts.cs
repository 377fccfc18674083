using System.Runtime.InteropServices;

using RedisProxy.Load.Peers;
using RedisProxy.Testing;

namespace RedisProxy.Load.Reporting;

/// <summary>What a reader has to know of the machine to judge a figure.</summary>
internal static class HostFacts
{
    /// <param name="redis">What everything leads to.</param>
    /// <param name="isSharing">The peer is the one whose clients share connections.</param>
    public static async Task<IReadOnlyList<string>> CollectAsync(RedisServer redis, bool isSharing = false)
    {
        Task<string> peer = isSharing ? FirstLineAsync(Nutcracker.Program, "--version") : FirstLineAsync(Nginx.Program, "-v");
        string form = ProxyProgram.IsNative(ProxyProgram.Find()) ? "native program" : "portable code";
        IReadOnlyDictionary<string, string> server = await redis.InfoAsync("server");
        return
        [
            $"{Environment.ProcessorCount} processors ({ProcessorModel()}), {RuntimeInformation.OSDescription}, kernel {Kernel()}",
            $"redis {server["redis_version"]}, {await FirstLineAsync(Haproxy.Program, "-v")}, .NET {Environment.Version}",
            $"{(await peer).Replace("This is ", "", StringComparison.Ordinal)}, floor built by {await FirstLineAsync("gcc", "--version")}",
            $"RedisProxy at commit {await CommitAsync()}, {form}",
        ];
    }

    private static Task<string> CommitAsync() =>
        FirstLineAsync("git", "-C", ProxyProgram.RepositoryRoot(), "describe", "--always", "--dirty");

    private static string Kernel() => File.ReadAllText("/proc/sys/kernel/osrelease").Trim();

    private static string ProcessorModel() => File.ReadLines("/proc/cpuinfo")
        .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
        ?? RuntimeInformation.OSArchitecture.ToString();

    // "unknown" rather than a failure: no figure depends on it.
    private static async Task<string> FirstLineAsync(string program, params string[] arguments)
    {
        try
        {
            using var folder = new TemporaryFolder("version");
            await using ChildProcess child = await ChildProcess.StartAsync(program, program, arguments, folder.File("log"));
            return await child.WaitForExitAsync(TimeSpan.FromSeconds(10)) == 0 ? child.LogTail.Split('\n')[0] : $"{program} unknown";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return $"{program} unknown";
        }
    }
}
