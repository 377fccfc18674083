using System.ComponentModel;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.EventLoops;

namespace RedisProxy.Hosting;

/// <summary>The listening sockets of the admin surface.</summary>
/// <param name="Everything">Null: turned off.</param>
/// <param name="Metrics">For health and metrics only. Null: there are none.</param>
internal sealed record AdminSockets(ListenerSockets? Everything, ListenerSockets? Metrics)
{
    // The usual settings of a listener suit scrapers and browsers.
    private static readonly TcpSettings Tcp = new(60, 10, 3, 30_000);

    public IReadOnlyList<ListenerSockets> All => [.. new[] { Everything, Metrics }.OfType<ListenerSockets>()];

    /// <exception cref="Win32Exception">An address cannot be bound; nothing is left open.</exception>
    public static async Task<AdminSockets> BindAsync(HostedRun run, SocketTransport transport, CancellationToken cancel)
    {
        AdminOptions options = run.Options.Admin;
        ListenerSockets? everything = await BindAsync("admin.bind", options.Bind, run, transport, cancel);
        try
        {
            return new AdminSockets(everything, await BindAsync("admin.metricsBind", options.MetricsBind, run, transport, cancel));
        }
        catch
        {
            everything?.Close();
            throw;
        }
    }

    /// <summary>Kestrel does not close sockets passed to it.</summary>
    public void Close()
    {
        foreach (ListenerSockets sockets in All)
        {
            sockets.Close();
        }
    }

    private static async Task<ListenerSockets?> BindAsync(
        string key, BindAddress? bind, HostedRun run, SocketTransport transport, CancellationToken cancel)
    {
        AddressSharing sharing = run.TakesOver ? AddressSharing.TakesOver : AddressSharing.None;
        AdminOptions options = run.Options.Admin;
        try
        {
            return bind is null ? null : await ListenerSockets.BindAsync(
                transport, bind, loops: 1, Tcp, sharing, new SocketFile(options.SocketMode.Bits, options.SocketGroup), cancel);
        }
        catch (Win32Exception failure)
        {
            string advice = failure.NativeErrorCode == Errno.AddressInUse
                ? $"; a second proxy needs another {key}, or --take-over to replace the first"
                : "";
            throw new Win32Exception(failure.NativeErrorCode, $"{key}: {failure.Message}{advice}");
        }
    }
}
