using System.Net;

using Microsoft.Extensions.Logging;

namespace RedisProxy.DataPlane;

/// <summary>
/// Clients of one listener that were not let in, or whose session could not be or go on, for the log: a line of each kind in ten seconds,
/// as anybody can cause them.
/// </summary>
internal sealed class RefusedClients(string listener, ILogger log)
{
    private readonly LineLimit _clients = new();
    private readonly LineLimit _backendUser = new();
    private readonly LineLimit _backend = new();

    /// <summary>What a client sent was not what has to come first. Any loop.</summary>
    public void ReportClient(IPEndPoint? client, string reason)
    {
        if (_clients.MayWrite(out int others))
        {
            DataPlaneLog.ClientRefused(log, listener, client?.ToString() ?? "a client", others, reason);
        }
    }

    /// <summary>The master does not know the user that this listener's sessions are given. Any loop.</summary>
    public void ReportBackendUser()
    {
        if (_backendUser.MayWrite(out int others))
        {
            DataPlaneLog.BackendUserRefused(log, listener, others + 1);
        }
    }

    /// <summary>The master broke the protocol, and a session has ended because of it. Any loop.</summary>
    public void ReportBackend(string reason)
    {
        if (_backend.MayWrite(out int others))
        {
            DataPlaneLog.BackendProtocolError(log, listener, reason, others);
        }
    }
}
