using RedisProxy.Testing;

namespace RedisProxy.Load.Peers;

/// <summary>nginx as a TCP proxy (its stream module), one worker, everything that concerns forwarding at its defaults.</summary>
internal static class Nginx
{
    /// <summary>Debian's; where the module is built in, there is no such file.</summary>
    private const string StreamModule = "/usr/lib/nginx/modules/ngx_stream_module.so";

    public static string Program => Peer.Find("nginx");

    /// <param name="redis">Its backend.</param>
    /// <param name="maxConnections">Of clients.</param>
    public static Task<Peer> StartAsync(RedisServer redis, int maxConnections = 4096)
    {
        int port = FreePorts.Take();
        // -e: before it has read its configuration it would write to the system's log.
        return Peer.StartAsync(
            Program, port, Configuration(redis, port, maxConnections), (folder, file) => ["-p", folder, "-e", "stderr", "-c", file]);
    }

    // No master process: it works in the process that was started, so that its CPU time is all there is. A session has two connections.
    private static string Configuration(RedisServer redis, int port, int maxConnections) => $$"""
        {{(File.Exists(StreamModule) ? $"load_module {StreamModule};" : "")}}
        daemon off;
        master_process off;
        worker_processes 1;
        pid {{Peer.FolderMark}}/pid;
        error_log stderr error;

        events {
            worker_connections {{(2 * maxConnections) + 100}};
        }

        stream {
            server {
                listen 127.0.0.1:{{port}} backlog=4096;
                proxy_pass {{redis.Endpoint}};
            }
        }

        """;
}
