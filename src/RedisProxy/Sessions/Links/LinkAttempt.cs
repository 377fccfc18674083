using System.Net;

using RedisProxy.EventLoops;
using RedisProxy.Resp;
using RedisProxy.Topology;
using RedisProxy.Transport;

namespace RedisProxy.Sessions;

/// <summary>
/// One attempt to give a session its next link: connects to the master of the topology of that moment, with TLS where that is configured,
/// and brings the new connection to the state of the old one (<see cref="StateReplay"/>). A link is handed out only when every part of the
/// state was confirmed; no request of the client passes before. What it waits for runs the session's keeper again.
/// <para>Two waits: a connection has to be opened within <c>backend.connectTimeout</c>. One that is open waits for the server's answers as
/// long as the topology believes the server: it may only be busy. For the first while of that it keeps its session's place in line.</para>
/// </summary>
internal sealed class LinkAttempt
{
    private readonly Session _session;
    private readonly LoopSocket _socket;
    private readonly ReplicaTarget? _target;
    private readonly int _port;
    private readonly LoopTimer _deadline;
    private readonly long _beganAtMs;
    private readonly long _generation;
    private readonly int _version;
    private StateReplayer? _replayer;
    private ReplayResult? _result;
    private bool _isPreparing;

    private LinkAttempt(Session session, ReplicaTarget? target, int port, LoopSocket socket)
    {
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

    /// <returns>Null when it failed at once.</returns>
    public static LinkAttempt? Begin(Session session)
    {
        ReplicaTarget? target = session.Gate.Choose();
        IPEndPoint address = target?.Address ?? session.Gate.View.Master!.Address;
        if (Sockets.TryConnect(session.Loop, address, session.Settings.BackendTcp, out LoopSocket? socket, out _))
        {
            return new LinkAttempt(session, target, address.Port, socket);
        }

        session.Keeper.OnConnectFailed();
        return null;
    }

    /// <summary>Nothing can come of it any more: the session has ended, or the topology has given the server up.</summary>
    public bool IsHopeless =>
        _session.IsEnded || _session.Gate.View.Availability == Availability.Down || !_session.Gate.View.IsCurrent(_generation);

    public void Cancel() => _socket.Close();

    /// <returns>False: it is under way. True: it is over, and the link is null when there is none: the attempt failed, the topology has
    /// moved on, or the session has ended.</returns>
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

        if (_socket.TakeError() != 0 || IsOnItself || (_session.Settings.SendsProxyHeader && !TrySendHeader()))
        {
            _result = ReplayResult.Failed;
            return true;
        }

        // In a crowd a connection that has been accepted proves itself by an answer, or by its handshake. So it does for a script, whose
        // own error could read like the refusal of a connection.
        PeerTls? tls = _session.Settings.BackendTls;
        StateReplay? replay = StateReplay.Of(_session.State, _session.Settings.Access?.BackendCredentials)
            ?? (tls is null && (_session.Keeper.IsContended || IsForScript) ? StateReplay.Nothing : null);
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

    private bool IsForScript =>
        _session.Pipeline.Waiting is { IsEmpty: false } waiting && (waiting.Oldest.Traits.Flags & CommandFlags.Nested) != 0;

    // Others need not wait in line behind a server that is slow.
    private void OnDeadline()
    {
        if (_isPreparing)
        {
            _session.Keeper.YieldPlace();
        }
        else
        {
            _socket.Abort();
        }
    }

    // A request would be taken for its own reply. Asked only where it can be: the port of a server is seldom one of these.
    private bool IsOnItself => _port >= Sockets.EphemeralPorts.First && _port <= Sockets.EphemeralPorts.Last && _socket.IsConnectedToItself;

    // Before all else, TLS too. A fresh connection has room for it.
    private unsafe bool TrySendHeader()
    {
        byte[] header = ProxyHeader.Write(_session.Client.PeerAddress, _session.Client.LocalAddress);
        fixed (byte* start = header)
        {
            return _socket.TrySend(start, header.Length) == header.Length;
        }
    }

    // A server that cannot be secured is reported by the probe, which speaks to it in the same way.
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
            _session.OwesInvalidation |= _session.State.IsTracking
                && (_session.State.Tracking!.IsBroadcast || _replayer is { HasLeftOut: true });
            return new BackendLink(_socket, _generation, _session.Pipeline.Memory)
            {
                Target = _target,
                FollowsWrites = _session.HasWrittenBefore,
                IsAccepted = _isPreparing,
                Said = _replayer?.Said ?? default,
            };
        }

        _target?.Leave();
        _socket.Abort();
        if (isOutdated)
        {
            return null;
        }

        if (_result == ReplayResult.Refused)
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
