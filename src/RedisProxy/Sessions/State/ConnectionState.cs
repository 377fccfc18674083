using System.Globalization;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// What a client has made of its connection, as far as the backend agreed: enough to say it again on another one, see
/// <see cref="StateReplay"/>. Only what is listed here can be replayed; everything else pins the session. The list of what a connection
/// has is that of RESET (redis.io/commands/reset).
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

    /// <summary>READONLY; null when it was not said.</summary>
    public Said? ReadOnly { get; private set; }

    public int Database { get; private set; }

    /// <summary>SELECT; null when it was not said.</summary>
    public Said? Selected { get; private set; }

    /// <summary>Null: it is off.</summary>
    public ClientTracking? Tracking { get; private set; }

    /// <summary>CLIENT CACHING was answered and the request that it is about was not.</summary>
    public IReadOnlyList<byte[]>? Caching { get; private set; }

    /// <summary>What the client has made of it by CLIENT REPLY, as of the newest request that was answered.</summary>
    public ReplyMode Replies { get; private set; }

    /// <summary>Null while the connection has never subscribed to anything.</summary>
    public Subscriptions? Subscriptions { get; private set; }

    public TransactionState Transaction { get; private set; }

    /// <summary>Grows when the state to be replayed has changed while there is no backend.</summary>
    public int Version { get; private set; }

    /// <summary>What the backend has queued in <see cref="Transaction"/>. Null while the connection has had none.</summary>
    public TransactionQueue? Queue { get; private set; }

    /// <summary>An open transaction, if there is one, can be begun again elsewhere, or ends as a conflict in any case.</summary>
    public bool CanMoveTransaction => !Transaction.IsOpen || Transaction.IsWatching || Queue is null or { IsWhole: true };

    /// <summary>Nothing was ever asked for that changes a connection.</summary>
    public bool IsUntouched { get; private set; } = true;

    public bool IsSubscribed => Subscriptions is { IsEmpty: false };

    /// <summary>Its cache of values lives from invalidations of this backend.</summary>
    public bool IsTracking => Tracking is not null && Identity.Protocol > Identity.DefaultProtocol;

    /// <summary>Nobody knows what the connection is any more, not even for the replies of the present backend.</summary>
    public bool IsInDoubt { get; private set; }

    /// <summary>Why the session cannot be moved now; <see cref="PinReason.None"/> when it can.</summary>
    public PinReason Pin =>
        _fixedPin != PinReason.None ? _fixedPin
        : Tracking is { IsRedirected: true } || (IsSubscribed && Subscriptions!.HearsInvalidations) ? PinReason.Tracking
        : IsSubscribed && !Subscriptions!.AreNamesKnown ? PinReason.PubSub
        : PinReason.None;

    /// <summary>A request has its reply, from the backend or from the proxy: is it for the client, and are the next ones?</summary>
    /// <param name="request">Not applied yet.</param>
    /// <param name="change">What it asked for; null for nothing.</param>
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

    /// <summary>Will the reply to the next request be kept from the client? Not to be asked of CLIENT REPLY and RESET.</summary>
    public bool IsSilent(in PendingRequest request) => !(request.FollowsNoOp ? Replies.AfterNoOp : Replies).IsOn;

    /// <summary>The backend answered the request that asked for this change.</summary>
    /// <param name="change">What was asked for.</param>
    /// <param name="request">The bytes of the request; empty when they are gone.</param>
    /// <param name="reply">The answer, whole; empty when it was too large, or when there is none and it is taken for granted.</param>
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

        // It is for one request, and waits for EXEC together with a transaction (redis source, resetClient).
        if (!Transaction.IsOpen)
        {
            Caching = null;
        }

        if (!isError)
        {
            ApplyOne(change);
        }
    }

    /// <summary>The backend has queued a request behind MULTI, or refused to.</summary>
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

    /// <summary>The next backend begins with this; the queue goes with an open transaction.</summary>
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

    /// <summary>From now on it cannot be moved, until RESET.</summary>
    public void PinAs(PinReason reason) => _fixedPin = reason;

    public void Doubt() => IsInDoubt = true;

    public Subscriptions Subscribing()
    {
        IsUntouched = false;
        return Subscriptions ??= new Subscriptions(settings.Resubscribes);
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
        NoEvict = null;
        NoTouch = null;
        ReadOnly = null;
        Database = 0;
        Selected = null;
        ApplyTracking([], isOn: false);
        Subscriptions?.Clear();
        _fixedPin = PinReason.None;
    }
}
