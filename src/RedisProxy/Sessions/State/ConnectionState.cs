using System.Globalization;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// What a client has made of its connection, as far as the backend agreed: enough to replay it on another one, see
/// <see cref="StateReplay"/>. Only what is listed here can be replayed; everything else pins the session. The list of connection state
/// follows RESET (redis.io/commands/reset).
/// </summary>
/// <param name="settings">Of the listener.</param>
internal sealed class ConnectionState(SessionSettings settings)
{
    private PinReason _fixedPin;

    public Identity Identity { get; } = new();

    /// <summary>CLIENT NO-EVICT; null when it is off.</summary>
    public Said? NoEvict { get; private set; }

    /// <summary>CLIENT NO-TOUCH; null when it is off.</summary>
    public Said? NoTouch { get; private set; }

    /// <summary>READONLY; null if it was not sent.</summary>
    public Said? ReadOnly { get; private set; }

    public int Database { get; private set; }

    /// <summary>SELECT; null if it was not sent.</summary>
    public Said? Selected { get; private set; }

    /// <summary>Null: it is off.</summary>
    public ClientTracking? Tracking { get; private set; }

    /// <summary>CLIENT CACHING was answered, but the request that it applies to was not.</summary>
    public IReadOnlyList<byte[]>? Caching { get; private set; }

    /// <summary>Mode set with CLIENT REPLY, as of the newest answered request.</summary>
    public ReplyMode Replies { get; private set; }

    /// <summary>Null until the connection first subscribes.</summary>
    public Subscriptions? Subscriptions { get; private set; }

    /// <summary>CLIENT MAINT_NOTIFICATIONS, which no backend knows; null when it is off.</summary>
    public SessionHandoffs? Handoffs { get; private set; }

    public TransactionState Transaction { get; private set; }

    /// <summary>Grows when state to be replayed changes while there is no backend.</summary>
    public int Version { get; private set; }

    /// <summary>Requests that the backend has queued in <see cref="Transaction"/>. Null until the first transaction.</summary>
    public TransactionQueue? Queue { get; private set; }

    /// <summary>An open transaction, if any, can be replayed elsewhere, or ends as a conflict in any case.</summary>
    public bool CanMoveTransaction => !Transaction.IsOpen || Transaction.IsWatching || Queue is null or { IsWhole: true };

    /// <summary>No request to change the connection was ever sent.</summary>
    public bool IsUntouched { get; private set; } = true;

    public bool IsSubscribed => Subscriptions is { IsEmpty: false };

    /// <summary>The client's cache depends on invalidations from this backend.</summary>
    public bool IsTracking => Tracking is not null && Identity.Protocol > Identity.DefaultProtocol;

    /// <summary>The connection's state is unknown, even for reading the replies of the current backend.</summary>
    public bool IsInDoubt { get; private set; }

    /// <summary>Why the session cannot be moved now; <see cref="PinReason.None"/>: it can.</summary>
    public PinReason Pin =>
        _fixedPin != PinReason.None ? _fixedPin
        : Tracking is { IsRedirected: true } || (IsSubscribed && Subscriptions!.HearsInvalidations) ? PinReason.Tracking
        : IsSubscribed && !Subscriptions!.AreNamesKnown ? PinReason.PubSub
        : PinReason.None;

    /// <summary>The backend or the proxy has replied: is the reply for the client? Updates the mode for later requests.</summary>
    /// <param name="request">Not applied yet.</param>
    /// <param name="change">The change it requested; null for none.</param>
    /// <param name="isError">It was refused.</param>
    public ReplyFate TakeReply(in PendingRequest request, StateChange? change, bool isError)
    {
        if (Replies.IsOn && change is null)
        {
            return ReplyFate.Relayed;
        }

        ReplyMode mode = request.FollowsNoOp ? Replies.AfterNoOp : Replies;
        ReplyRule rule = isError || Transaction.IsOpen || change is null ? ReplyRule.AsBefore : change.Replies;
        bool isReset = !isError && change?.Kind == CommandKind.Reset;
        Replies = mode.After(rule, isReset);
        return mode.IsSilent(rule, isReset) ? ReplyFate.Dropped : ReplyFate.Relayed;
    }

    /// <summary>Will the reply to this request be withheld from the client? Not to be asked of CLIENT REPLY and RESET.</summary>
    public bool IsSilent(in PendingRequest request) => !(request.FollowsNoOp ? Replies.AfterNoOp : Replies).IsOn;

    /// <summary>The backend has replied to the request for this change.</summary>
    /// <param name="change">The change requested.</param>
    /// <param name="request">The bytes of the request; empty if they are released.</param>
    /// <param name="reply">The whole reply; empty if it was too large, or if there is none and success is assumed.</param>
    /// <param name="isError">It was refused.</param>
    public void Apply(StateChange change, ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply, bool isError)
    {
        IsUntouched = false;
        bool isQueued = Transaction.IsOpen && change.Kind is not (CommandKind.Exec or CommandKind.Discard or CommandKind.Reset
            or CommandKind.Multi or CommandKind.Watch or CommandKind.Quit);
        if (isQueued)
        {
            Enqueue(change, request, isError);
            return;
        }

        if (isError && Transaction.IsSpoiledBy(reply))
        {
            (Queue ??= new TransactionQueue(settings.MaxReplayBytes)).Spoil();
        }

        Transaction = Transaction.After(change.Kind, isError, reply.StartsWith("-EXECABORT"u8));
        if (!Transaction.IsOpen && Queue is { } queue)
        {
            ApplyAll(queue, change.Kind == CommandKind.Exec ? reply : "-"u8);
        }

        // It applies to one request, and if that is in a transaction, it waits for EXEC (redis source, resetClient).
        Caching = Transaction.IsOpen ? Caching : null;

        if (!isError)
        {
            ApplyOne(change);
        }
    }

    /// <summary>The proxy has answered CLIENT MAINT_NOTIFICATIONS. In RESP2 it was refused.</summary>
    public void TellHandoffs(StateChange change) =>
        Handoffs = Identity.Protocol > Identity.DefaultProtocol ? SessionHandoffs.After(change, Handoffs) : Handoffs;

    /// <summary>The backend has queued a request in a transaction, or refused to.</summary>
    public void Enqueue(StateChange? change, ReadOnlySpan<byte> request, bool isError)
    {
        Queue ??= new TransactionQueue(settings.MaxReplayBytes);
        if (isError)
        {
            Queue.Spoil();
        }
        else
        {
            Queue.Add(request, change);
        }
    }

    /// <summary>The next backend starts with this state; unless a transaction is open, the queue is discarded.</summary>
    public void BeginTransactionAnew(TransactionState transaction)
    {
        IsUntouched = false;
        Version++;
        Transaction = transaction;
        if (!transaction.IsOpen)
        {
            Queue?.Clear();
        }
    }

    /// <summary>Pins the connection until RESET.</summary>
    public void PinAs(PinReason reason) => _fixedPin = reason;

    public void Doubt() => IsInDoubt = true;

    public Subscriptions Subscribing()
    {
        IsUntouched = false;
        return Subscriptions ??= new Subscriptions(settings.Resubscribes);
    }

    /// <summary>Writes it, or reads it into a new one.</summary>
    public void Carry(StateCodec codec)
    {
        _fixedPin = codec.Named(_fixedPin);
        Identity.Carry(codec);
        NoEvict = codec.Said(NoEvict);
        NoTouch = codec.Said(NoTouch);
        ReadOnly = codec.Said(ReadOnly);
        Selected = codec.Said(Selected);
        Database = codec.Int32(Database);
        Tracking = ClientTracking.Carry(codec, Tracking);
        Caching = codec.Words(Caching);
        Replies = new ReplyMode(codec.Bool(Replies.IsOff), codec.Bool(Replies.IsSkipping));
        Subscriptions = Subscriptions.Carry(codec, Subscriptions);
        Transaction = Transaction.Carry(codec);
        Queue = TransactionQueue.Carry(codec, Queue, settings.MaxReplayBytes);
        IsUntouched = codec.Bool(IsUntouched);
        Handoffs = SessionHandoffs.Carry(codec, Handoffs);
    }

    private void ApplyAll(TransactionQueue queue, ReadOnlySpan<byte> reply)
    {
        IReadOnlyList<StateChange> changes = queue.ChangesOf(reply, out bool isKnown);
        foreach (StateChange change in changes)
        {
            ApplyOne(change);
        }

        if (!isKnown)
        {
            _fixedPin = PinReason.StateInTransaction;
            IsInDoubt |= queue.MayChangeProtocol;
        }

        queue.Clear();
    }

    private void ApplyOne(StateChange change)
    {
        IReadOnlyList<byte[]> arguments = change.Arguments;
        if (change.Pins != PinReason.None)
        {
            PinAs(change.Pins);
            return;
        }

        switch (change.Kind)
        {
            case CommandKind.Auth:
                Identity.ApplyAuth(arguments);
                break;
            case CommandKind.Hello:
                PinUnless(Identity.TryApplyHello(arguments));
                Handoffs = Identity.Protocol > Identity.DefaultProtocol ? Handoffs : null;
                break;
            case CommandKind.Select:
                Database = int.Parse(arguments[1], NumberStyles.Integer, CultureInfo.InvariantCulture);
                Selected = new Said(Identity.User, arguments);
                break;
            case CommandKind.ReadOnly:
                ReadOnly = new Said(Identity.User, arguments);
                break;
            case CommandKind.ReadWrite:
                ReadOnly = null;
                break;
            case CommandKind.Client:
                ApplyClient(arguments);
                break;
            case CommandKind.Reset:
                Reset();
                break;
        }
    }

    private void ApplyClient(IReadOnlyList<byte[]> arguments)
    {
        string option = RequestArguments.Upper(arguments[2]);
        switch (RequestArguments.Upper(arguments[1]))
        {
            case "SETNAME":
                Identity.SetName(arguments[2]);
                break;
            case "NO-EVICT":
                NoEvict = option == "ON" ? Said.Client(Identity.User, "NO-EVICT", "on"u8.ToArray()) : null;
                break;
            case "NO-TOUCH":
                NoTouch = option == "ON" ? Said.Client(Identity.User, "NO-TOUCH", "on"u8.ToArray()) : null;
                break;
            case "SETINFO":
                PinUnless(Identity.TrySetInfo(option, arguments[3]));
                break;
            case "REPLY":
                break;
            case "TRACKING":
                ApplyTracking(arguments, isOn: option == "ON");
                break;
            case "CACHING":
                Caching = arguments;
                break;
            default:
                PinUnless(isKnown: false);
                break;
        }
    }

    private void PinUnless(bool isKnown) => _fixedPin = isKnown ? _fixedPin : PinReason.UnknownState;

    private void ApplyTracking(IReadOnlyList<byte[]> arguments, bool isOn)
    {
        Tracking = isOn ? Tracking ?? new ClientTracking() : null;
        Tracking?.Add(new Said(Identity.User, arguments));
    }

    private void Reset()
    {
        Identity.Reset();
        NoEvict = NoTouch = ReadOnly = Selected = null;
        Database = 0;
        ApplyTracking([], isOn: false);
        Subscriptions?.Clear();
        Handoffs = null;
        _fixedPin = PinReason.None;
    }
}
