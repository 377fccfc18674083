using System.Net;

using RedisProxy.EventLoops;
using RedisProxy.Resp;
using RedisProxy.Topology;
using RedisProxy.Transport;

namespace RedisProxy.Sessions;

/// <summary>
/// One attempt to give a session its next link: connects to the master of the current topology, with TLS if configured, and brings the
/// new connection to the state of the old one (<see cref="StateReplay"/>). A link is handed out only when every part of the state is
/// confirmed; no request of the client goes first. Whatever it waits for runs the session's keeper again.
/// <para>Two waits: a connection has to be established within <c>backend.connectTimeout</c>. Once established, it waits for the server's
/// replies as long as the topology trusts the server, which may only be busy. At first it keeps its session's permit meanwhile.</para>
/// </summary>
internal sealed class LinkAttempt
{
    private readonly Session _session;
    private readonly LoopSocket _socket;
    private readonly ReplicaTarget? _target;
    private readonly LinkNeed _need;
    private readonly int _port;
    private readonly LoopTimer _deadline;
    private readonly long _beganAtMs;
    private readonly long _generation;
    private readonly int _version;
    private StateReplayer? _replayer;
    private ReplayResult? _result;
    private bool _isPreparing;

    private LinkAttempt(Session session, in LinkNeed need, ReplicaTarget? target, int port, LoopSocket socket)
    {
        _need = need;
        _port = port;
        _target = target;
        target?.Enter();
        _session = session;
        _socket = socket;
        _beganAtMs = session.Loop.NowMs;
        _generation = target?.Generation ?? session.Gate.View.Generation;
        _version = session.State.Version;
        _deadline = new LoopTimer(static attempt => ((LinkAttempt)attempt).OnDeadline(), this);
        session.Loop.Timers.Arm(_deadline, session.Loop.NowMs + session.Settings.ConnectTimeoutMs);
    }

    /// <summary>The connection was kept from an earlier session.</summary>
    private bool IsKept { get; init; }

    /// <param name="session">Without a link.</param>
    /// <param name="need">Of the session; <c>default</c> if it shares no links.</param>
    /// <returns>Null if it failed at once.</returns>
    public static LinkAttempt? Begin(Session session, in LinkNeed need)
    {
        ReplicaTarget? target = session.Gate.Choose();

        // One that was kept is in nobody's state, and nothing is replayed on it.
        if (need.IsDedicated && LinkNeed.ReasonIn(session.State) == DedicatedReason.None
            && session.Sharing?.Links.TakeKept(LinkIdentity.Of(session.State), session.State.Identity.NamesKey) is { } kept)
        {
            return new LinkAttempt(session, need, target, port: 0, kept.Socket) { IsKept = true };
        }

        IPEndPoint address = target?.Address ?? session.Gate.View.Master!.Address;
        if (Sockets.TryConnect(session.Loop, address, session.Settings.BackendTcp, out LoopSocket? socket, out _))
        {
            return new LinkAttempt(session, need, target, address.Port, socket);
        }

        session.Keeper.OnConnectFailed();
        return null;
    }

    /// <summary>It can no longer succeed: the session has ended, or the topology has dropped the server.</summary>
    public bool IsHopeless =>
        _session.IsEnded || _session.Gate.View.Availability == Availability.Down || !_session.Gate.View.IsCurrent(_generation);

    public void Cancel() => _socket.Close();

    /// <returns>False: in progress. True: over, with a null link if the attempt failed, the topology has moved on, or the session has
    /// ended.</returns>
    public bool TryFinish(out BackendLink? link)
    {
        link = null;
        if (_result is null && !TryConnect())
        {
            return false;
        }

        _session.Loop.Timers.Disarm(_deadline);
        link = Conclude();
        return true;
    }

    private bool TryConnect()
    {
        if (_isPreparing || !_socket.IsWritableOr(Session.ResumeKeeper, _session))
        {
            return false;
        }

        if (!IsKept && (_socket.TakeError() != 0 || IsOnItself || (_session.Settings.SendsProxyHeader && !TrySendHeader())))
        {
            _result = ReplayResult.Failed;
            return true;
        }

        PeerTls? tls = IsKept ? null : _session.Settings.BackendTls;
        StateReplay? replay = ReplayOn(tls);
        _isPreparing = tls is not null || replay is not null;
        if (_isPreparing)
        {
            _session.Loop.Timers.Arm(_deadline, _session.Loop.NowMs + _session.Settings.ConnectTimeoutMs);
            _ = PrepareAsync(tls, replay);
            return false;
        }

        _result = ReplayResult.Done;
        return true;
    }

    private StateReplay? ReplayOn(PeerTls? tls)
    {
        byte[][]? credentials = _session.Settings.Access?.BackendCredentials;
        if (_need.Identity is not null)
        {
            return StateReplay.OfIdentity(_session.State, credentials);
        }

        bool isMarked = !_session.Settings.IsOfReplicas && _session.Sharing?.Writes.NeedMark(_generation) == true;
        if (IsKept)
        {
            // Its reply shows that the connection is still there.
            return isMarked ? StateReplay.Mark : StateReplay.Nothing;
        }

        // Under contention an established connection proves itself by a reply, or by its TLS handshake. The same before a script, whose
        // own error could look like a refused connection.
        bool mustProve = _need.IsDedicated || (tls is null && (_session.Keeper.IsContended || IsForScript));
        return StateReplay.Of(_session.State, credentials, isMarked) ?? (mustProve ? StateReplay.Nothing : null);
    }

    private bool IsForScript =>
        _session.Pipeline.Waiting is { IsEmpty: false } waiting && (waiting.Oldest.Traits.Flags & CommandFlags.Nested) != 0;

    // Other sessions need not wait behind a slow server.
    private void OnDeadline()
    {
        if (_isPreparing)
        {
            _session.Keeper.YieldPermit();
        }
        else
        {
            _socket.Abort();
        }
    }

    // A request would look like its own reply. Checked only where it is possible: a server's port is seldom an ephemeral one.
    private bool IsOnItself => _port >= SystemLimits.EphemeralPorts.First
        && _port <= SystemLimits.EphemeralPorts.Last
        && _socket.IsConnectedToItself;

    // Before everything else, including TLS. A fresh connection has room for it.
    private unsafe bool TrySendHeader()
    {
        byte[] header = ProxyHeader.Write(_session.Client.PeerAddress, _session.Client.LocalAddress);
        fixed (byte* start = header)
        {
            return _socket.TrySend(start, header.Length) == header.Length;
        }
    }

    // A server whose TLS handshake fails is reported by the probe, which connects in the same way.
    private async Task PrepareAsync(PeerTls? tls, StateReplay? replay)
    {
        try
        {
            bool isReady = tls is null
                || await _socket.SecureAsync(stream => tls.AuthenticateAsync(stream, host: null, CancellationToken.None)) is null;
            _replayer = replay is null ? null : new StateReplayer(_socket, replay);
            _result = !isReady ? ReplayResult.Failed : _replayer is null ? ReplayResult.Done : await _replayer.RunAsync();
        }
        catch (Exception error)
        {
            _result = ReplayResult.Failed;
            _session.Fail(error);
        }

        _session.Loop.Defer(Session.ResumeKeeper, _session);
    }

    private BackendLink? Conclude()
    {
        bool isOutdated = _session.IsEnded || !_session.Gate.View.IsCurrent(_generation) || _session.State.Version != _version;
        if (_result == ReplayResult.Done && !isOutdated && !_socket.IsClosed)
        {
            _session.Counters.Connects.Add(_session.Loop.NowMs - _beganAtMs);
            if (_need.Identity is { } identity)
            {
                _target?.Leave();
                return _session.Sharing!.Share(_socket, identity, _generation, _target);
            }

            _session.OwesInvalidation |= _session.State.IsTracking
                && (_session.State.Tracking!.IsBroadcast || _replayer is { HasLeftOut: true });
            return new DedicatedLink(_socket, _generation, _session.Pipeline.Memory)
            {
                Target = _target,
                InFlight = { KeepsWritesApart = _session.Settings.Durable is not null },
                FollowsWrites = _session.HasWrittenBefore
                    || _session.Sharing?.Writes.AreUncounted(_need, _generation, _replayer is { IsMarked: true }) == true,
                IsTainted = _need.Reason is DedicatedReason.Subscription or DedicatedReason.Tracking or DedicatedReason.OwnConnection,
                IsAccepted = _isPreparing,
                Said = _replayer?.Said ?? default,
                Names = _session.Sharing is null ? "" : _session.State.Identity.NamesKey,
            };
        }

        _target?.Leave();
        _socket.Abort();
        if (isOutdated || IsKept)
        {
            // A connection that was kept may have ended at any time, and that says nothing of the master.
            return null;
        }

        if (_result == ReplayResult.Refused && _need.Identity is { User.Length: 0 } nobody
            && _session.Settings.Access?.BackendCredentials is null)
        {
            _session.Sharing!.Links.OnNeedsAuthentication(nobody);
        }
        else if (_result == ReplayResult.Refused)
        {
            if (_session.Settings.Access is { BackendCredentials: not null })
            {
                _session.Gate.OnBackendUserRefused();
            }

            _session.End(EndCause.ReplayRefused);
        }
        else
        {
            _session.Keeper.OnConnectFailed();
        }

        return null;
    }
}
