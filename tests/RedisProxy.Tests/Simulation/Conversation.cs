namespace RedisProxy.Tests.Simulation;

/// <summary>What a client asked, and so what it may be answered.</summary>
internal enum Asked
{
    /// <summary>A read of the connection's state.</summary>
    Read,
    Write,
    Select,
    Name,
    Protocol,
    User,
    Watch,
    Multi,
    Queued,
    Exec,
}

/// <param name="Kind">What.</param>
/// <param name="Text">Its argument: a key, a number, a name.</param>
/// <param name="Fate">Of a write.</param>
/// <param name="Writes">Of EXEC: those of the transaction.</param>
internal sealed record Question(Asked Kind, string Text = "", WriteFate? Fate = null, IReadOnlyList<WriteFate>? Writes = null);

/// <summary>
/// One client connection's questions in their order, and the judge of the answers: every answer must be the one to its question, and the
/// state of the connection must be what its answers made it.
/// </summary>
internal sealed class Conversation(World world, History history, int client)
{
    private const string UnknownOutcome = "-IOERR RedisProxy: ";
    private const string NotExecuted = "-LOADING RedisProxy: ";

    private readonly Queue<Question> _open = new();
    private string _name = "";
    private string _user = "nobody";
    private int _protocol = 2;
    private bool _isInMulti;
    private bool _isWatching;

    public int Open => _open.Count;

    public int Database { get; private set; }

    public int Answered { get; private set; }

    /// <summary>It is, or will be, in a state of which the proxy may say that it cannot move it.</summary>
    public bool IsInTransaction =>
        _isInMulti || _isWatching || _open.Any(one => one.Kind is Asked.Multi or Asked.Queued or Asked.Exec or Asked.Watch);

    /// <summary>
    /// A change of the connection's state was answered with an error of the proxy: it ends then, and nothing behind it is executed.
    /// </summary>
    public bool HasLostState { get; private set; }

    public void Ask(Question question) => _open.Enqueue(question);

    public void Answer(string reply)
    {
        world.Note("answered", client, reply.Length);
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
            Asked.Read => BulkOf(RedisConnection.Describe(question.Text, Database, _name, _protocol, _user)),
            Asked.Write => question.Fate!.Reply,
            Asked.Queued => "+QUEUED\r\n",
            Asked.Exec => reply,
            Asked.Protocol => reply[0] is '*' or '%' ? reply : "a map",
            _ => "+OK\r\n",
        };
        if (reply != expected)
        {
            Violate("the answer to another question, or in a wrong state; right were " + InOneLine(expected), question, reply);
            return;
        }

        switch (question.Kind)
        {
            case Asked.Write:
                history.OnAcknowledged(question.Fate!, Database);
                break;
            case Asked.Select:
                Database = question.Text[0] - '0';
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
            case Asked.Exec:
                TakeExec(question, reply);
                break;
        }
    }

    private void TakeExec(Question question, string reply)
    {
        _isInMulti = false;
        _isWatching = false;
        if (reply is "*-1\r\n" or "_\r\n")
        {
            ForEachWrite(question, history.OnNotExecuted);
            return;
        }

        string expected = $"*{question.Writes!.Count}\r\n" + string.Concat(question.Writes.Select(write => write.Reply));
        if (reply != expected)
        {
            Violate("EXEC answers with something else", question, reply);
        }

        ForEachWrite(question, write => history.OnAcknowledged(write, Database));
    }

    private void TakeError(Question question, string reply)
    {
        bool isUnknown = reply.StartsWith(UnknownOutcome, StringComparison.Ordinal);
        bool isNotExecuted = reply.StartsWith(NotExecuted, StringComparison.Ordinal);
        if (isUnknown)
        {
            // A read may have been sent once, and its answer be lost with the master.
            if (question.Kind != Asked.Read && IsHarmless(question) && !IsInTransaction)
            {
                Violate("a request without effect is of unknown outcome", question, reply);
            }

            ForEachWrite(question, write => write.Told = Told.Unknown);
        }
        else if (isNotExecuted || !IsHarmless(question) || IsInTransaction)
        {
            ForEachWrite(question, history.OnNotExecuted);
        }
        else
        {
            Violate("a server's error that should not have been passed on", question, reply);
        }

        bool isState = question.Kind is Asked.Select or Asked.Name or Asked.Protocol or Asked.User or Asked.Watch;
        HasLostState |= isState && (isUnknown || isNotExecuted);
        if (question.Kind == Asked.Exec)
        {
            _isInMulti = false;
            _isWatching = false;
        }
    }

    private static void ForEachWrite(Question question, Action<WriteFate> action)
    {
        if (question is { Kind: Asked.Write, Fate: { } fate })
        {
            action(fate);
        }

        foreach (WriteFate write in question.Writes ?? [])
        {
            action(write);
        }
    }

    private static string BulkOf(string text) => FormattableString.Invariant($"${text.Length}\r\n{text}\r\n");

    private void Violate(string what, Question? question, string reply) => world.Violate(
        $"{what}: client {client} asked {question?.Kind} {question?.Text} {question?.Fate}, got {InOneLine(reply)}");

    private static bool IsHarmless(Question question) =>
        question.Kind is Asked.Read or Asked.Select or Asked.Name or Asked.Protocol or Asked.User;

    private static string InOneLine(string reply) => reply.Replace("\r\n", " ", StringComparison.Ordinal);
}
