using System.Globalization;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>
/// All threads of a proxy but its loops share one processor with processes that never rest, and come last there, until it is disposed of.
/// The loops go on as before: they have the other processors, and what the threads of the control plane leave of the first.
/// </summary>
internal sealed class ControlPlaneStarvation : IAsyncDisposable
{
    private const int Hogs = 3;

    private readonly TemporaryFolder _folder = new("starvation");
    private readonly List<ChildProcess> _hogs = [];
    private readonly ProxyProcess _proxy;

    private ControlPlaneStarvation(ProxyProcess proxy) => _proxy = proxy;

    public static async Task<ControlPlaneStarvation> BeginAsync(ProxyProcess proxy)
    {
        var starvation = new ControlPlaneStarvation(proxy);
        for (int i = 0; i < Hogs; i++)
        {
            starvation._hogs.Add(await starvation.StartAsync($"hog-{i}", "exec taskset -c 0 sh -c 'while :; do :; done'"));
        }

        await starvation.ForEachThreadAsync("chrt --idle -p 0 $t; taskset -cp 0 $t");
        return starvation;
    }

    // The policy stays: to leave it takes a privilege, and where nobody else wants the processor it makes no difference.
    public async ValueTask DisposeAsync()
    {
        foreach (ChildProcess hog in _hogs)
        {
            await hog.DisposeAsync();
        }

        await ForEachThreadAsync("taskset -p ffffffff $t");
        _folder.Dispose();
    }

    // A thread may end meanwhile.
    private async Task ForEachThreadAsync(string command)
    {
        string tasks = string.Create(CultureInfo.InvariantCulture, $"/proc/{_proxy.Process.Id}/task");
        string script = $"cd {tasks} && for t in *; do case $(cat $t/comm) in loop-*) ;; *) {command} ;; esac; done; true";
        await using ChildProcess shell = await StartAsync("threads", script);
        Assert.Equal(0, await shell.WaitForExitAsync(TimeSpan.FromSeconds(20)));
    }

    private Task<ChildProcess> StartAsync(string name, string script) =>
        ChildProcess.StartAsync(name, "/bin/sh", ["-c", script], _folder.File(name));
}
