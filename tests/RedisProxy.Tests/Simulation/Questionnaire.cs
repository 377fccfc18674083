using System.Globalization;
using System.Text;

namespace RedisProxy.Tests.Simulation;

/// <summary>Makes up what one connection of a client asks: each question goes to its judge, and its request to what is said next.</summary>
/// <param name="world">Where.</param>
/// <param name="client">Whose connection it is.</param>
/// <param name="number">Of the connection.</param>
/// <param name="conversation">The judge.</param>
/// <param name="flush">Says what there is to say.</param>
internal sealed class Questionnaire(World world, SimulatedClient client, int number, Conversation conversation, Action flush)
{
    private readonly StringBuilder _output = new();
    private int _askedInAll;

    private Habits Habits => client.Habits;

    /// <summary>It may not ask for anything else.</summary>
    private bool IsSubscriber => Habits.Subscribes && !Habits.SpeaksResp3;

    /// <summary>What to say now; nothing of it is given twice.</summary>
    public byte[] Take()
    {
        byte[] text = Encoding.Latin1.GetBytes(_output.ToString());
        _output.Clear();
        return text;
    }

    /// <summary>How a client of such habits begins.</summary>
    public void AskFirst()
    {
        if (Habits.HasUser)
        {
            AskForUser("alice");
        }

        if (Habits.SpeaksResp3)
        {
            AskForProtocol(3);
        }

        if (Habits.Database != 0)
        {
            AskForDatabase(Habits.Database);
        }

        if (Habits.HasName)
        {
            AskForName();
        }

        if (Habits.Tracks && Habits.SpeaksResp3)
        {
            Ask(new Question(Asked.Tracking), "CLIENT", "TRACKING", "ON");
        }

        if (Habits.Subscribes)
        {
            AskForMessages();
        }
    }

    /// <summary>Whatever comes to its mind.</summary>
    public void AskSomething()
    {
        if (Habits.Subscribes && world.Chance(10))
        {
            AskForMessages();
        }
        else if (IsSubscriber)
        {
            Ask(new Question(Asked.Ping), "PING");
        }
        else if (conversation.IsMuted)
        {
            AskMuted();
        }
        else if (Habits.Publishes && world.Chance(20))
        {
            Publish();
        }
        else if (Habits.Tracks && Habits.SpeaksResp3 && world.Chance(20))
        {
            ReadData();
        }
        else if (Habits.Mutes && world.Chance(15))
        {
            Mute();
        }
        else if (world.Chance(Habits.TransactionPercent))
        {
            AskForTransaction();
        }
        else if (world.Chance(Habits.ReadPercent))
        {
            AskForState();
        }
        else if (Habits.Works && world.Chance(40))
        {
            Work();
        }
        else if (Habits.Waits && world.Chance(20))
        {
            Ask(new Question(Asked.Wait), "WAIT", "1", "100");
        }
        else if (Habits.ChangesState && world.Chance(15))
        {
            ChangeState();
        }
        else
        {
            AskForWrite();
        }
    }

    /// <summary>One question of each kind, all of them to be answered.</summary>
    public void AskForEverything()
    {
        if (IsSubscriber)
        {
            Ask(new Question(Asked.Ping), "PING");
            return;
        }

        if (conversation.IsMuted)
        {
            AskForReplies();
        }

        AskForState();
        AskForWrite();
        AskForState();
        Publish();
    }

    /// <summary>A write of which only a part is ever said, so that nobody may execute it.</summary>
    public void BreakOff()
    {
        WriteFate fate = NewWrite("l");
        client.History.OnNotExecuted(fate);
        int length = _output.Length;
        Say("RPUSH", fate.Key, WordOf(fate));
        _output.Length = (int)world.Between(length + 1, _output.Length - 1);
    }

    private void AskForMessages()
    {
        string channel = AnyChannel();
        Ask(new Question(Asked.Subscribe, channel), "SUBSCRIBE", channel);
    }

    private void Publish()
    {
        WriteFate fate = client.History.Add(client.Number, AnyChannel(), conversation.Wanted, isOfTransaction: false);
        Ask(new Question(Asked.Publish, fate.Key, fate), "PUBLISH", fate.Key, WordOf(fate));
    }

    private void ReadData()
    {
        string key = client.History.LatestStrings.GetValueOrDefault(conversation.Wanted.Database, "s:none");
        Ask(new Question(Asked.Data, key), "GET", key);
    }

    private void AskMuted()
    {
        int die = world.Random.Next(100);
        if (die < 25)
        {
            AskForReplies();
        }
        else if (die < 35 && Habits.ChangesState)
        {
            ChangeState();
        }
        else if (die < 60)
        {
            AskForState();
        }
        else
        {
            AskForWrite();
        }
    }

    private void Mute()
    {
        if (world.Chance(40))
        {
            Ask(new Question(Asked.ReplyOff), "CLIENT", "REPLY", "OFF");
            return;
        }

        Ask(new Question(Asked.ReplySkip), "CLIENT", "REPLY", "SKIP");
        if (Habits.ChangesState && world.Chance(20))
        {
            AskForDatabase((int)world.Between(0, 3));
        }
        else if (world.Chance(50))
        {
            AskForState();
        }
        else
        {
            AskForWrite();
        }
    }

    private void AskForReplies()
    {
        if (Habits.MayReset && world.Chance(20))
        {
            Ask(new Question(Asked.Reset), "RESET");
        }
        else
        {
            Ask(new Question(Asked.ReplyOn), "CLIENT", "REPLY", "ON");
        }
    }

    private void ChangeState()
    {
        int die = world.Random.Next(100);
        if (die < 60)
        {
            AskForDatabase((int)world.Between(0, 3));
        }
        else if (die < 80)
        {
            AskForUser(world.Chance(50) ? "alice" : "bob");
        }
        else if (die < 90 || !Habits.MayReset)
        {
            AskForName();
        }
        else if (die < 95)
        {
            Ask(new Question(Asked.Reset), "RESET");
        }
        else
        {
            AskForProtocol(world.Chance(50) ? 2 : 3);
        }
    }

    private void AskForState()
    {
        string subject = FormattableString.Invariant($"f:{client.Number}.{++_askedInAll}");
        Ask(new Question(Asked.Read, subject), "GET", subject);
    }

    private void AskForUser(string user) => Ask(new Question(Asked.User, user), "AUTH", user, RedisConnection.Password);

    private void AskForProtocol(int protocol)
    {
        string text = protocol.ToString(CultureInfo.InvariantCulture);
        Ask(new Question(Asked.Protocol, text), "HELLO", text);
    }

    private void AskForName()
    {
        string name = FormattableString.Invariant($"client{client.Number}.{++_askedInAll}");
        Ask(new Question(Asked.Name, name), "CLIENT", "SETNAME", name);
    }

    private void AskForDatabase(int database)
    {
        string text = database.ToString(CultureInfo.InvariantCulture);
        Ask(new Question(Asked.Select, text), "SELECT", text);
    }

    private void AskForWrite()
    {
        bool isSet = world.Chance(15);
        WriteFate fate = NewWrite(isSet ? "s" : "l");
        if (isSet)
        {
            client.History.LatestStrings[conversation.Wanted.Database] = fate.Key;
        }

        Ask(new Question(Asked.Write, fate.Key, fate), isSet ? "SET" : "RPUSH", fate.Key, WordOf(fate));
    }

    private void Work()
    {
        int db = conversation.Wanted.Database;
        if (world.Chance(50))
        {
            WriteFate fate = NewWrite("b");
            client.History.OpenQueue(db, fate.Key);
            Ask(new Question(Asked.Write, fate.Key, fate), "RPUSH", fate.Key, WordOf(fate));
            return;
        }

        string key = client.History.LatestQueue(db);
        WriteFate pop = NewWrite("pop");
        string timeout = FormattableString.Invariant($"0.{world.Between(1, 9)}");
        Ask(new Question(Asked.Pop, key, pop), "BLPOP", key, WordOf(pop), timeout);
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
            WriteFate fate = NewWrite("l", isOfTransaction: true);
            writes.Add(fate);
            Ask(new Question(Asked.Queued), "RPUSH", fate.Key, WordOf(fate));
        }

        if (world.Chance(50))
        {
            // In its own time, so that a failover can come between.
            flush();
        }

        Ask(new Question(Asked.Exec, Writes: writes), "EXEC");
    }

    private WriteFate NewWrite(string kind, bool isOfTransaction = false)
    {
        WriteFate fate = client.History.Add(client.Number, KeyOf(kind), conversation.Wanted, isOfTransaction);
        fate.WaitsAtServer = kind == "pop" || conversation.IsWaiting;
        return fate;
    }

    private string AnyChannel() => FormattableString.Invariant($"channel{world.Between(1, 3)}");

    // Of this connection alone: what an abandoned one leaves behind may come after the first words of the next.
    private string KeyOf(string kind) => FormattableString.Invariant($"{kind}:{client.Number}.{number}");

    private static string WordOf(WriteFate fate) => fate.Tag.ToString(CultureInfo.InvariantCulture);

    private void Ask(Question question, params ReadOnlySpan<string> words)
    {
        conversation.Ask(question);
        Say(words);
    }

    private void Say(params ReadOnlySpan<string> words)
    {
        _output.Append(CultureInfo.InvariantCulture, $"*{words.Length}\r\n");
        foreach (string word in words)
        {
            _output.Append(CultureInfo.InvariantCulture, $"${word.Length}\r\n{word}\r\n");
        }
    }
}
