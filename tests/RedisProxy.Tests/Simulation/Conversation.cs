using RedisProxy.Configuration;

namespace RedisProxy.Tests.Simulation;

/// <summary>
/// One client connection's questions in their order, and the judge of the answers: every answer must be the one to its question, and the
/// state of the connection must be what its answers made it.
/// </summary>
internal sealed class Conversation(World world, History history, int client)
{
    private const string UnknownOutcome = "-IOERR RedisProxy: the master was lost";
    private const string Unconfirmed = "-IOERR RedisProxy: executed, but not confirmed by ";
    private const string NotExecuted = "-LOADING RedisProxy: ";

    private readonly Queue<Question> _open = new();
    private readonly Mailbox _mailbox = new(world, history, client);
    private string _name = "";
    private string _user = Standing.OfNobody.User;
    private int _protocol = 2;
    private bool _isInMulti;
    private bool _isWatching;
    private bool _hasWritten;

    // Of those that were executed, as far as the client knows.
    private WriteFate? _lastWrite;
    private int _database;
    private int _silent;
    private bool _skipsNext;

    // A change of state that gets no answer may have been lost.
    private bool _isInDoubt;

    /// <summary>Questions that are to be answered.</summary>
    public int Open => _open.Count - _silent;

    /// <summary>As the questions so far leave it.</summary>
    public Standing Wanted { get; private set; } = Standing.OfNobody;

    /// <summary>What is asked now may stand behind a command that waits.</summary>
    public bool IsWaiting => _open.Any(one => one.Kind is Asked.Pop or Asked.Wait);

    /// <summary>The questions so far leave it without answers.</summary>
    public bool IsMuted { get; private set; }

    public int Answered { get; private set; }

    /// <summary>It is, or will be, in a state of which the proxy may say that it cannot move it.</summary>
    public bool IsInTransaction =>
        _isInMulti || _isWatching || _open.Any(one => one.Kind is Asked.Multi or Asked.Queued or Asked.Exec or Asked.Watch);

    /// <summary>
    /// A change of the connection's state was answered with an error of the proxy: it ends then, and nothing behind it is executed.
    /// </summary>
    public bool HasLostState { get; private set; }

    /// <summary>The proxy may close the connection; all else that these clients make of theirs can be moved.</summary>
    public bool MayBeCut => HasLostState || _isInDoubt || _open.Any(one => (one.IsSilent || one.IsSilentIfRefused) && one.ChangesState)
        || _open.FirstOrDefault(one => !one.IsSilent)?.Kind is Asked.Pop or Asked.Wait
        || (history.Durable is { OnTimeout: DurableTimeoutAction.Disconnect } durable
            && _open.FirstOrDefault(one => !one.IsSilent)?.AnyWrite is { } late && history.HasTimedOut(late, durable))
        || (_open.FirstOrDefault(one => !one.IsSilent) is { IsHarmless: true } read && MayBeLostAgain(read))
        || (!history.ResubscribesClients && (_mailbox.IsSubscribed || _open.Any(one => one.Kind == Asked.Subscribe)));

    // A read that several masters were lost with is not sent to another one: it may be the cause.
    private bool MayBeLostAgain(Question read) => history.TroubleEndsUs.Count(end => end > read.AskedAtUs) > 1;

    public void Ask(Question question)
    {
        if (HasLostState)
        {
            ForEachWrite(question, history.OnNotExecuted);
        }

        Wanted = question.Kind switch
        {
            Asked.Select => Wanted with { Database = question.Text[0] - '0' },
            Asked.User => Wanted with { User = question.Text },
            Asked.Reset => Standing.OfNobody,
            _ => Wanted,
        };
        bool isLoud = question.Kind is Asked.ReplyOn or Asked.Reset;
        bool isHush = question.Kind is Asked.ReplyOff or Asked.ReplySkip;
        IsMuted = !isLoud && (IsMuted || question.Kind == Asked.ReplyOff);


        // Subscriptions are confirmed in any mode.
        bool isHushed = !isLoud && (isHush || IsMuted || _skipsNext);
        bool isSilent = isHushed && question.Kind != Asked.Subscribe;
        _skipsNext = question.Kind == Asked.ReplySkip;
        _silent += isSilent ? 1 : 0;
        _open.Enqueue(question with { IsSilent = isSilent, IsSilentIfRefused = isHushed, AskedAtUs = world.NowUs });
        if (world.IsRecording)
        {
            world.Tell($"client {client} asks {question.Kind} {question.Text}{(isSilent ? " (silent)" : "")}");
        }
    }

    /// <summary>The proxy's answer, or a message.</summary>
    public void Take(string value)
    {
        world.Note("answered", client, value.Length);
        if (_mailbox.TryTake(value, _protocol))
        {
            world.Tell($"client {client}: {InOneLine(value)}");
        }
        else
        {
            Answer(value);
        }
    }

    /// <inheritdoc cref="Mailbox.CheckAtLast"/>
    public void CheckAtLast(SimulatedRedis master, long sinceUs) => _mailbox.CheckAtLast(master, sinceUs);

    private void Answer(string reply)
    {
        while (_open.TryPeek(out Question? silent) && (silent.IsSilent || (silent.IsSilentIfRefused && reply[0] == '-')))
        {
            _silent -= silent.IsSilent ? 1 : 0;
            _isInDoubt |= silent.ChangesState;
            Question unanswered = _open.Dequeue();

            // It may have been executed, and is then the last write, or not.
            _lastWrite = unanswered.AnyWrite is null ? _lastWrite : null;
            if (unanswered.IsSilent)
            {
                TakeState(unanswered);
            }
        }

        if (!_open.TryDequeue(out Question? question))
        {
            Violate("an answer to nothing", null, reply);
            return;
        }

        if (world.IsRecording)
        {
            world.Tell($"client {client}: {question.Kind} {question.Text} {question.Fate?.Tag} → {InOneLine(reply)}");
        }

        Answered++;
        if (reply[0] == '-')
        {
            TakeError(question, reply);
        }
        else
        {
            TakeAnswer(question, reply);
        }
    }

    private void TakeAnswer(Question question, string reply)
    {
        string expected = question.Kind switch
        {
            Asked.Read => BulkOf(RedisConnection.Describe(question.Text, _database, history.SharesLinks ? "" : _name, _protocol, _user)),
            Asked.Write or Asked.Publish => question.Fate!.Reply,
            Asked.Data => reply[0] == '$' ? reply : "a string",
            Asked.Ping => _protocol == 2 ? "*2\r\n$4\r\npong\r\n$0\r\n\r\n" : "+PONG\r\n",
            Asked.Subscribe => _mailbox.ConfirmationOf(question.Text, _protocol),
            Asked.Pop => IsNil(reply) ? reply : question.Fate!.Reply,
            Asked.Wait => IsPossibleCount(reply) ? reply : "a number of replicas",
            Asked.Queued => "+QUEUED\r\n",
            Asked.Reset => "+RESET\r\n",
            Asked.Exec => reply,
            Asked.Protocol => reply[0] is '*' or '%' ? reply : "a map",
            _ => "+OK\r\n",
        };
        if (reply != expected)
        {
            Violate("the answer to another question, or in a wrong state; right were " + InOneLine(expected), question, reply);
            return;
        }

        // Names are kept by the proxy where links are shared, and no server hears of them. That no replica is known is true in any state.
        bool isOfProxy = question.Kind is Asked.Multi or Asked.Queued || (question.Kind == Asked.Wait && reply == ":0\r\n")
            || (history.SharesLinks && question.Kind == Asked.Name);
        if (HasLostState && !isOfProxy)
        {
            Violate("answered behind a change of state that was lost", question, reply);
        }

        _isInDoubt &= isOfProxy;
        OnWritten(question.Kind is Asked.Write or Asked.Publish ? question.Fate : null);
        if (question.Kind is Asked.Write or Asked.Publish)
        {
            history.OnAcknowledged(question.Fate!);
        }
        else if (question.Kind == Asked.Pop)
        {
            TakePop(question, reply);
        }
        else if (question.Kind == Asked.Data)
        {
            _mailbox.OnRead(_database, question.Text, reply);
        }
        else if (question.Kind == Asked.Exec)
        {
            TakeExec(question, reply);
        }
        else
        {
            TakeState(question);
        }
    }

    /// <summary>What has become of the connection when it was executed.</summary>
    private void TakeState(Question question)
    {
        switch (question.Kind)
        {
            case Asked.Select:
                _database = question.Text[0] - '0';
                break;
            case Asked.Reset:
                (_database, _user) = (0, Standing.OfNobody.User);
                (_name, _protocol) = ("", 2);
                _mailbox.OnReset();
                break;
            case Asked.Tracking:
                _mailbox.Tracks = true;
                break;
            case Asked.Subscribe:
                _mailbox.OnSubscribed(question.Text);
                break;
            case Asked.Name:
                _name = question.Text;
                break;
            case Asked.User:
                _user = question.Text;
                break;
            case Asked.Protocol:
                _protocol = question.Text[0] - '0';
                break;
            case Asked.Watch:
                _isWatching = true;
                break;
            case Asked.Multi:
                _isInMulti = true;
                break;
        }
    }

    private void TakeExec(Question question, string reply)
    {
        _isInMulti = false;
        _isWatching = false;
        if (IsNil(reply))
        {
            ForEachWrite(question, history.OnNotExecuted);
            return;
        }

        string expected = $"*{question.Writes!.Count}\r\n" + string.Concat(question.Writes.Select(write => write.Reply));
        if (reply != expected)
        {
            Violate("EXEC answers with something else", question, reply);
        }

        ForEachWrite(question, history.OnAcknowledged);
        OnWritten(question.AnyWrite);
    }

    private void TakePop(Question question, string reply)
    {
        if (IsNil(reply))
        {
            history.OnNotExecuted(question.Fate!);
            return;
        }

        history.OnAcknowledged(question.Fate!);
        history.Takings.Add((reply.Split("\r\n")[4], question.Fate!));
        OnWritten(question.Fate);
    }

    private void OnWritten(WriteFate? fate)
    {
        _lastWrite = fate ?? _lastWrite;
        _hasWritten |= fate is not null;
    }

    /// <summary>WAIT may not speak of more replicas than have what this client has written before.</summary>
    private bool IsPossibleCount(string reply) => reply[0] == ':' && (history.Durable is null
        ? !(_hasWritten && reply == RedisConnection.AllReplicas)
        : _lastWrite is not { } fate || reply[1] - '0' <= fate.Node!.CountEverConfirmed(fate.Offset));

    private void TakeUnconfirmed(Question question, string reply)
    {
        if (question.AnyWrite is null || HasLostState)
        {
            Violate("not confirmed, although it writes nothing, or is not to be executed", question, reply);
        }

        ForEachWrite(question, history.OnUnconfirmed);
        OnWritten(question.AnyWrite);
        EndTransaction(question);
    }

    private void EndTransaction(Question question)
    {
        if (question.Kind == Asked.Exec)
        {
            _isInMulti = false;
            _isWatching = false;
        }
    }

    private void TakeError(Question question, string reply)
    {
        if (reply.StartsWith(Unconfirmed, StringComparison.Ordinal))
        {
            TakeUnconfirmed(question, reply);
            return;
        }

        bool isUnknown = reply.StartsWith(UnknownOutcome, StringComparison.Ordinal);
        bool isNotExecuted = reply.StartsWith(NotExecuted, StringComparison.Ordinal);
        if (isUnknown)
        {
            // A read may have been sent, its answer be lost with the master, and its time have passed, or that of a change before it.
            if (question.IsHarmless && !IsInTransaction && !HasLostState && world.NowUs - question.AskedAtUs < history.ShortestHoldUs)
            {
                Violate("a request without effect is of unknown outcome", question, reply);
            }

            if (question.Kind == Asked.Pop)
            {
                Violate("an error for a worker, whose connection should have been closed", question, reply);
            }

            ForEachWrite(question, write => write.Told = Told.Unknown);
        }
        else if (isNotExecuted || !question.IsHarmless || IsInTransaction)
        {
            ForEachWrite(question, history.OnNotExecuted);
        }
        else
        {
            Violate("a server's error that should not have been passed on", question, reply);
        }

        if (question.ChangesState && (isUnknown || isNotExecuted))
        {
            LoseState(wasSent: isUnknown);
        }

        EndTransaction(question);
    }

    private void LoseState(bool wasSent)
    {
        HasLostState = true;
        foreach (Question question in _open)
        {
            // What is behind it was not sent, either.
            if (!wasSent)
            {
                ForEachWrite(question, history.OnNotExecuted);
            }
        }
    }

    private static void ForEachWrite(Question question, Action<WriteFate> action)
    {
        if (question is { Fate: { } fate })
        {
            action(fate);
        }

        foreach (WriteFate write in question.Writes ?? [])
        {
            action(write);
        }
    }

    private static bool IsNil(string reply) => reply is "*-1\r\n" or "_\r\n";

    public static string BulkOf(string text) => FormattableString.Invariant($"${text.Length}\r\n{text}\r\n");

    private void Violate(string what, Question? question, string reply) => world.Violate(
        $"{what}: client {client} asked {question?.Kind} {question?.Text} {question?.Fate}, got {InOneLine(reply)}");

    private static string InOneLine(string reply) => reply.Replace("\r\n", " ", StringComparison.Ordinal);
}
