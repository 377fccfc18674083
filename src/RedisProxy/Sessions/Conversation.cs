using System.Net;

using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// One client's requests, the state of its connection, and the link that carries them: everything that the rules of the contract read and
/// change (<see cref="Settlement"/>, <see cref="Rejections"/>, <see cref="LocalTransactions"/>…). The rules know nothing of the parts
/// that move bytes; they return what those have to do.
/// </summary>
internal abstract class Conversation : ISessionParts
{
    protected Conversation(Gate gate, SessionSettings settings, SessionCounters counters, bool takesTurns)
    {
        Gate = gate;
        Settings = settings;
        Counters = counters;
        State = new ConnectionState(settings);
        Pipeline = new Pipeline(this, gate) { TakesTurns = takesTurns };
        Access = settings.Access is null ? null : new ClientAccess(this);
    }

    public Gate Gate { get; }

    public EventLoop Loop => Gate.Loop;

    public SessionSettings Settings { get; set; }

    public SessionCounters Counters { get; }

    public ConnectionState State { get; }

    public Pipeline Pipeline { get; }

    /// <summary>Null: the proxy does not authenticate clients.</summary>
    public ClientAccess? Access { get; }

    /// <summary>Null: replies to writes do not wait for replicas.</summary>
    public HeldReplies? Held { get; private set; }

    /// <summary>Of a durable listener, before the session starts.</summary>
    public Confirmations? Confirmations
    {
        init => Held = value is null ? null : new HeldReplies(this, value);
    }

    /// <summary>Null before the first link, and from the loss of one until the next.</summary>
    public BackendLink? Link => Pipeline.Link;

    /// <summary>The client's cache must be emptied: its invalidations were lost with the last link.</summary>
    public bool OwesInvalidation { get; set; }

    /// <summary>Nothing more is received from the client for now, so that the session comes to rest.</summary>
    public bool IsInputStopped { get; set; }

    /// <summary>A request that may have written was sent to a link that is lost.</summary>
    public bool HasWrittenBefore { get; set; }

    /// <summary>Unique in this process.</summary>
    public abstract long Id { get; }

    /// <summary>The client's address; null on a unix socket.</summary>
    public abstract IPEndPoint? PeerAddress { get; }

    /// <summary>The turn of the loop in which the time of a request was measured last.</summary>
    public long MeasuredIn { get; set; } = -1;

    /// <summary>Bytes from the link were received but not looked at yet.</summary>
    public abstract bool HasUnreadReplies { get; }

    public abstract bool IsEnded { get; }

    /// <summary>Dispatches what may go on the link.</summary>
    /// <returns>False: the session needs another one, and has left it.</returns>
    public bool TryDispatchWaiting(BackendLink link)
    {
        do
        {
            Pipeline.DispatchWaiting(link);
        }
        while (TryReviewLink() && Link == link);
        return Link == link;
    }

    /// <summary>Exchanges the link for another one if what waits cannot go on it. False: nothing has changed.</summary>
    protected abstract bool TryReviewLink();

    /// <summary>The session gets a link, of its own or a share of one.</summary>
    public abstract void Attach(BackendLink link);

    /// <summary>The session has no link any more; nothing of it is in flight.</summary>
    public abstract void Detach();

    /// <summary>The session ends. The first cause is kept; later ones change nothing.</summary>
    /// <param name="cause">Not <see cref="EndCause.None"/>.</param>
    /// <param name="abort">With RST: the last reply was cut off and must not look complete.</param>
    public abstract void End(EndCause cause, bool abort = false);

    public abstract void WakeRequests();

    public abstract void WakeReplies();

    public abstract void WakeKeeper();

    public abstract void OnExpired();
}
