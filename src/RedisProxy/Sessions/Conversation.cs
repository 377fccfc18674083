using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// One client's requests, what its connection is, and the link that carries them: all that the rules of the contract judge and change
/// (<see cref="Settlement"/>, <see cref="Rejections"/>, <see cref="LocalTransactions"/>…). They know nothing of the parts that move
/// bytes, and return what these have to do.
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

    /// <summary>Null: whoever asks the client who it is, it is not the proxy.</summary>
    public ClientAccess? Access { get; }

    /// <summary>Null while there is none: before the first, and from the loss of one to the next.</summary>
    public BackendLink? Link => Pipeline.Link;

    /// <summary>The client's cache must be emptied: what invalidated it went with the last link.</summary>
    public bool OwesInvalidation { get; set; }

    public abstract void WakeRequests();

    public abstract void WakeReplies();

    public abstract void WakeKeeper();

    public abstract void OnExpired();
}
