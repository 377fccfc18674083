using System.Globalization;
using System.Text;

namespace RedisProxy.Tests.Simulation;

/// <summary>One connection of a client, from its first request to its end, whoever ends it.</summary>
internal sealed class ClientConnection(World world, SimulatedClient client, int number) : IWireEnd
{
    private const long PatienceUs = 1_000_000;

    private readonly RespText _input = new();
    private readonly StringBuilder _output = new();
    private readonly Conversation _conversation = new(world, client.History, client.Number);
    private Wire _wire = null!;
    private long _answeredUs;
    private int _askedInAll;
    private bool _isFinished;
    private bool _isOver;
    private bool _isReading = true;

    private Habits Habits => client.Habits;

    public int OpenQuestions => _conversation.Open;

    public void Begin(Wire wire)
    {
        _wire = wire;
        _answeredUs = world.NowUs;
        if (Habits.HasUser)
        {
            Ask(new Question(Asked.User, "alice"), "AUTH", "alice", RedisConnection.Password);
        }

        if (Habits.SpeaksResp3)
        {
            Ask(new Question(Asked.Protocol, "3"), "HELLO", "3");
        }

        if (Habits.Database != 0)
        {
            AskForDatabase(Habits.Database);
        }

        if (Habits.HasName)
        {
            string name = FormattableString.Invariant($"client{client.Number}");
            Ask(new Question(Asked.Name, name), "CLIENT", "SETNAME", name);
        }

        Flush();
    }

    /// <summary>Asks some more, or loses patience, or does nothing.</summary>
    public void Act()
    {
        if (_isFinished || _isOver)
        {
            return;
        }

        if (OpenQuestions > 0 && world.NowUs - _answeredUs > PatienceUs && world.Chance(Habits.ImpatiencePercent))
        {
            world.Note("gives up", client.Number, OpenQuestions);
            _wire.CloseFar(abort: true);
            End();
            return;
        }

        if (OpenQuestions < Habits.Depth)
        {
            Burst((int)world.Between(1, Math.Min(6, Habits.Depth)));
            if (world.Chance(Habits.HalfClosePercent))
            {
                Finish();
            }
        }

        if (Habits.ReadsSlowly && _isReading && world.Chance(20))
        {
            _isReading = false;
            _wire.PauseFar(true);
            world.After(world.Between(1_000, 300_000), () =>
            {
                _isReading = true;
                _wire.PauseFar(false);
            });
        }
    }

    public void AskForEverything()
    {
        if (!_isFinished && !_isOver)
        {
            AskForState();
            AskForWrite();
            AskForState();
            Flush();
        }
    }

    /// <summary>FIN; the end comes when the proxy has closed, too.</summary>
    public void Leave()
    {
        if (!_isFinished && !_isOver)
        {
            Finish();
        }
    }

    public void OnBytes(ReadOnlySpan<byte> bytes)
    {
        _input.Append(bytes);
        while (!_isOver && _input.TakeValue() is { } reply)
        {
            _answeredUs = world.NowUs;
            client.Answered++;
            _conversation.Answer(reply);
        }
    }

    public void OnFin() => OnCut(wasReset: false);

    public void OnReset() => OnCut(wasReset: true);

    private void OnCut(bool wasReset)
    {
        if (_isOver)
        {
            return;
        }

        world.Note(wasReset ? "is reset" : "is closed", client.Number, OpenQuestions);
        if (!_isFinished && !_conversation.HasLostState)
        {
            // All that these clients make of their connection can be moved.
            world.Violate($"client {client.Number} was cut off with {OpenQuestions} open questions after {_conversation.Answered} answers");
        }

        _wire.CloseFar();
        End();
    }

    private void End()
    {
        _isOver = true;
        client.OnConnectionOver();
    }

    private void Finish()
    {
        world.Note("finishes", client.Number, OpenQuestions);
        _isFinished = true;
        _wire.FinishFar();
    }

    private void Burst(int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (world.Chance(Habits.TransactionPercent))
            {
                AskForTransaction();
            }
            else if (world.Chance(Habits.ReadPercent))
            {
                AskForState();
            }
            else if (Habits.ChangesDatabase && world.Chance(15))
            {
                AskForDatabase((int)world.Between(0, 3));
            }
            else
            {
                AskForWrite();
            }
        }

        Flush();
    }

    private void AskForState()
    {
        string subject = FormattableString.Invariant($"f:{client.Number}.{++_askedInAll}");
        Ask(new Question(Asked.Read, subject), "GET", subject);
    }

    private void AskForDatabase(int database)
    {
        string text = database.ToString(CultureInfo.InvariantCulture);
        Ask(new Question(Asked.Select, text), "SELECT", text);
    }

    private void AskForWrite()
    {
        bool isSet = world.Chance(15);
        WriteFate fate = client.History.Add(client.Number, KeyOf(isSet ? "s" : "l"), isOfTransaction: false);
        Ask(new Question(Asked.Write, fate.Key, fate), isSet ? "SET" : "RPUSH", fate.Key, WordOf(fate));
    }

    private void AskForTransaction()
    {
        if (Habits.Watches)
        {
            Ask(new Question(Asked.Watch), "WATCH", KeyOf("l"));
        }

        Ask(new Question(Asked.Multi), "MULTI");
        var writes = new List<WriteFate>();
        for (int left = (int)world.Between(1, 3); left > 0; left--)
        {
            WriteFate fate = client.History.Add(client.Number, KeyOf("l"), isOfTransaction: true);
            writes.Add(fate);
            Ask(new Question(Asked.Queued), "RPUSH", fate.Key, WordOf(fate));
        }

        if (world.Chance(50))
        {
            // In its own time, so that a failover can come between.
            Flush();
        }

        Ask(new Question(Asked.Exec, Writes: writes), "EXEC");
    }

    // Of this connection alone: what an abandoned one leaves behind may come after the first words of the next.
    private string KeyOf(string kind) => FormattableString.Invariant($"{kind}:{client.Number}.{number}");

    private static string WordOf(WriteFate fate) => fate.Tag.ToString(CultureInfo.InvariantCulture);

    private void Ask(Question question, params ReadOnlySpan<string> words)
    {
        _conversation.Ask(question);
        _output.Append(CultureInfo.InvariantCulture, $"*{words.Length}\r\n");
        foreach (string word in words)
        {
            _output.Append(CultureInfo.InvariantCulture, $"${word.Length}\r\n{word}\r\n");
        }
    }

    private void Flush()
    {
        world.Note("asks", client.Number, OpenQuestions);
        _wire.Say(Encoding.Latin1.GetBytes(_output.ToString()));
        _output.Clear();
    }
}
