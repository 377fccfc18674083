using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// One client's requests, the state of its connection, and the link that carries them: everything that the rules of the contract read and
/// change (<see cref="Settlement"/>, <see cref="Rejections"/>, <see cref="LocalTransactions"/>…). The rules know nothing of the parts
/// that move bytes; they return what those have to do.
/// </summary>
internal abstract class Conversation : ISessionParts
{
    protected Conversation(Gate gate, SessionSettings settings, SessionCounters counters)
    {
        Gate = gate;
        Settings = settings;
        Counters = counters;
        State = new ConnectionState(settings);
        Pipeline = new Pipeline(this, gate);
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

    /// <summary>Null before the first link, and from the loss of one until the next.</summary>
    public BackendLink? Link => Pipeline.Link;

    /// <summary>The client's cache must be emptied: its invalidations were lost with the last link.</summary>
    public bool OwesInvalidation { get; set; }

    public abstract void WakeRequests();

    public abstract void WakeReplies();

    public abstract void WakeKeeper();

    public abstract void OnExpired();
}
