using System.Net;

using Microsoft.Extensions.Logging;

namespace RedisProxy.DataPlane;

/// <summary>
/// Logs clients of one listener that were refused, or whose session could not start or go on as it should: one line of each kind in ten
/// seconds, as clients can trigger them at will.
/// </summary>
internal sealed class RefusedClients(string listener, ILogger log)
{
    private readonly LineLimit _clients = new();
    private readonly LineLimit _backendUser = new();
    private readonly LineLimit _backend = new();
    private readonly LineLimit _confirmations = new();
    private readonly LineLimit _tooFew = new();

    /// <summary>A client did not send what has to come first. Any loop.</summary>
    public void ReportClient(IPEndPoint? client, string reason)
    {
        if (_clients.MayWrite(out int others))
        {
            DataPlaneLog.ClientRefused(log, listener, client?.ToString() ?? "a client", others, reason);
        }
    }

    /// <summary>The master refuses the credentials of this listener's sessions. Any loop.</summary>
    public void ReportBackendUser()
    {
        if (_backendUser.MayWrite(out int others))
        {
            DataPlaneLog.BackendUserRefused(log, listener, others + 1);
        }
    }

    /// <summary>The master refuses to say whether replicas have a write. Any loop.</summary>
    public void ReportConfirmation(string reason)
    {
        if (_confirmations.MayWrite(out int others))
        {
            DataPlaneLog.ConfirmationRefused(log, listener, reason, others);
        }
    }

    /// <summary>Too few replicas had writes in time. Any loop.</summary>
    public void ReportNotConfirmed()
    {
        if (_tooFew.MayWrite(out int others))
        {
            DataPlaneLog.NotConfirmed(log, listener, others);
        }
    }

    /// <summary>The master broke the protocol, which ended a session. Any loop.</summary>
    public void ReportBackend(string reason)
    {
        if (_backend.MayWrite(out int others))
        {
            DataPlaneLog.BackendProtocolError(log, listener, reason, others);
        }
    }
}
