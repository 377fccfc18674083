namespace RedisProxy.Tests.Simulation;

/// <summary>One connection of a client, from its first request to its end, whoever ends it.</summary>
internal sealed class ClientConnection : IWireEnd
{
    private const long PatienceUs = 1_000_000;

    /// <summary>Within that time a connection ends whose state is in doubt.</summary>
    private const long MaxDoubtUs = 2_000_000;

    private readonly World _world;
    private readonly SimulatedClient _client;
    private readonly RespText _input = new();
    private readonly Conversation _conversation;
    private readonly Questionnaire _questions;
    private Wire _wire = null!;
    private long _answeredUs;
    private bool _isFinished;
    private bool _isOver;
    private bool _isReading = true;

    public ClientConnection(World world, SimulatedClient client, int number)
    {
        _world = world;
        _client = client;
        _conversation = new Conversation(world, client.History, client.Number);
        _questions = new Questionnaire(world, client, number, _conversation, Flush);
    }

    private Habits Habits => _client.Habits;

    public int OpenQuestions => _conversation.Open;

    public void Begin(Wire wire)
    {
        _wire = wire;
        _answeredUs = _world.NowUs;
        _wire.StallPercent = Habits.StallPercent;
        _questions.AskFirst();
        Flush();
    }

    /// <summary>Asks some more, or loses patience, or does nothing.</summary>
    public void Act()
    {
        if (_isFinished || _isOver)
        {
            return;
        }

        if (OpenQuestions > 0 && _world.NowUs - _answeredUs > PatienceUs && _world.Chance(Habits.ImpatiencePercent))
        {
            _world.Note("gives up", _client.Number, OpenQuestions);
            _wire.CloseFar(abort: true);
            End();
            return;
        }

        if (OpenQuestions < Habits.Depth)
        {
            Burst((int)_world.Between(1, Math.Min(6, Habits.Depth)));
            if (_world.Chance(Habits.HalfClosePercent))
            {
                Finish();
            }
        }

        if (Habits.ReadsSlowly && _isReading && _world.Chance(20))
        {
            _isReading = false;
            _wire.PauseFar(true);
            _world.After(_world.Between(1_000, 300_000), () =>
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
            _questions.AskForEverything();
            Flush();
        }
    }

    /// <inheritdoc cref="Mailbox.CheckAtLast"/>
    public void CheckAtLast(SimulatedRedis master, long sinceUs)
    {
        if (!_isFinished && !_isOver)
        {
            _conversation.CheckAtLast(master, sinceUs);
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
            _answeredUs = _world.NowUs;
            _client.Answered++;
            bool hadLostState = _conversation.HasLostState;
            _conversation.Take(reply);
            if (_conversation.HasLostState && !hadLostState)
            {
                _world.After(MaxDoubtUs, ExpectEnd);
            }
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

        _world.Note(wasReset ? "is reset" : "is closed", _client.Number, OpenQuestions);
        if (!_isFinished && !_conversation.MayBeCut)
        {
            _world.Violate(
                $"client {_client.Number} was cut off with {OpenQuestions} open questions after {_conversation.Answered} answers");
        }

        _wire.CloseFar();
        End();
    }

    private void End()
    {
        _isOver = true;
        _client.OnConnectionOver();
    }

    private void ExpectEnd()
    {
        if (!_isOver)
        {
            _world.Violate($"client {_client.Number} goes on although its state is in doubt");
        }
    }

    private void Finish()
    {
        if (_world.Chance(Habits.BreakOffPercent))
        {
            _questions.BreakOff();
            Flush();
        }

        _world.Note("finishes", _client.Number, OpenQuestions);
        _isFinished = true;
        _wire.FinishFar();
    }

    private void Burst(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _questions.AskSomething();
        }

        Flush();
    }

    private void Flush()
    {
        _world.Note("asks", _client.Number, OpenQuestions);
        _wire.Say(_questions.Take());
    }
}
