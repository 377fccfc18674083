using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// Limits the handshakes of one listener that run at once on one loop, and decides which is next. One address gets at most three quarters
/// of the slots, so that a greedy one leaves some to others. Of those waiting, the address with the fewest slots goes first, and of its
/// clients the newest: under a flood, nobody waits for the old ones any more. While clients wait, one that has owed its part of the
/// handshake for longer than <see cref="PatienceMs"/> is dropped.
/// </summary>
internal sealed class HandshakeTurns
{
    /// <summary>Many round trips around the world.</summary>
    private const int PatienceMs = 2000;

    private const int RecheckMs = 50;

    private readonly EventLoop _loop;
    private readonly int _max;
    private readonly int _share;
    private readonly LinkedList<HandshakeAttempt> _underWay = new();
    private readonly HashSet<HandshakePeer> _waiting = [];
    private readonly LoopTimer _pressure;

    public HandshakeTurns(EventLoop loop, int max)
    {
        _loop = loop;
        _max = max;
        _share = Math.Max(1, max - Math.Max(1, max / 4));
        _pressure = new LoopTimer(static self => ((HandshakeTurns)self).EndIdle(), this);
    }

    /// <summary>Completes when the handshake may start, or the client was ended.</summary>
    public async ValueTask EnterAsync(HandshakeAttempt attempt)
    {
        if (HasRoomFor(attempt.Peer))
        {
            Begin(attempt);
            return;
        }

        attempt.Peer.Waiting.Add(attempt);
        _waiting.Add(attempt.Peer);
        ArmPressure();
        await attempt.Turn.WaitAsync();
    }

    /// <summary>Once for each client that called <see cref="EnterAsync"/>, whatever became of it.</summary>
    public void Leave(HandshakeAttempt attempt)
    {
        if (_underWay.Remove(attempt))
        {
            attempt.Peer.UnderWay--;
        }

        GrantNext();
    }

    /// <summary>The client was ended, perhaps while it waited.</summary>
    public void GiveUp(HandshakeAttempt attempt)
    {
        if (attempt.Peer.Waiting.Remove(attempt))
        {
            Forget(attempt.Peer);
            attempt.Turn.Set();
        }
    }

    private bool HasRoomFor(HandshakePeer peer) => _underWay.Count < _max && peer.UnderWay < _share;

    private void Begin(HandshakeAttempt attempt)
    {
        attempt.BeganAtMs = _loop.NowMs;
        attempt.Peer.UnderWay++;
        _underWay.AddLast(attempt);
    }

    private void GrantNext()
    {
        while (_waiting.Where(HasRoomFor).MinBy(static peer => peer.UnderWay) is { } peer)
        {
            HandshakeAttempt next = peer.Waiting[^1];
            peer.Waiting.RemoveAt(peer.Waiting.Count - 1);
            Forget(peer);
            Begin(next);
            next.Turn.Set();
        }
    }

    private void Forget(HandshakePeer peer)
    {
        if (peer.Waiting.Count == 0)
        {
            _waiting.Remove(peer);
        }
    }

    private void ArmPressure()
    {
        if (!_pressure.IsArmed && _underWay.First is { } oldest)
        {
            _loop.Timers.Arm(_pressure, Math.Max(oldest.Value.BeganAtMs + PatienceMs, _loop.NowMs + RecheckMs));
        }
    }

    // A client whose answer has arrived waits for us, not we for it.
    private void EndIdle()
    {
        int waiting = _waiting.Sum(static peer => peer.Waiting.Count);
        HandshakeAttempt[] idle =
        [
            .. _underWay.TakeWhile(attempt => _loop.NowMs - attempt.BeganAtMs >= PatienceMs)
                .Where(attempt => (_underWay.Count == _max || attempt.Peer.Waiting.Count > 0) && !attempt.Client.HasInput())
                .Take(waiting),
        ];
        foreach (HandshakeAttempt attempt in idle)
        {
            attempt.End("others waited for their turn");
        }

        if (waiting > 0)
        {
            ArmPressure();
        }
    }
}
