using System.Globalization;
using System.Text;

namespace RedisProxy.Tests.Simulation;

/// <summary>
/// One connection of a simulated redis: what belongs to it (user, protocol, database, name, MULTI, WATCH, subscriptions, tracking), and
/// the commands. A GET of <c>f:something</c> answers with the name and with the state that every reply depends on, so every such read
/// shows whether the state is right.
/// </summary>
internal sealed partial class RedisConnection(World world, SimulatedRedis node, Wire wire) : IWireEnd
{
    public const string Password = "secret";

    /// <summary>To WAIT, of a connection that has said nothing that may write.</summary>
    public const string AllReplicas = ":2\r\n";

    /// <summary>Of connections on which the proxy asks about replicas. Nothing stalls there: in peace all is confirmed in time.</summary>
    private const string ProxysOwnName = "redisproxy-durable";

    private const string ReadOnly = "-READONLY You can't write against a read only replica.\r\n";
    private const string Loading = "-LOADING Redis is loading the dataset in memory\r\n";

    private readonly RespText _input = new();
    private readonly StringBuilder _output = new();
    private readonly List<string[]> _queue = [];
    private readonly List<WriteFate> _inExec = [];
    private readonly List<string> _changed = [];
    private readonly RedisPushes _pushes = new();
    private readonly Dictionary<(int Db, string Key), int> _watched = [];
    private int _db;
    private int _protocol = 2;
    private string _name = "";
    private string _user = Standing.OfNobody.User;
    private bool _isInMulti;
    private bool _isMultiSpoilt;
    private bool _isClosed;
    private bool _hasWritten;
    private long _writtenTo;

    public Wire Wire => wire;

    /// <summary>As a read of a function key shows it.</summary>
    public static string Describe(string subject, int db, string name, int protocol, string user) =>
        FormattableString.Invariant($"{subject}/{db}/{name}/{protocol}/{user}");

    public void OnBytes(ReadOnlySpan<byte> bytes)
    {
        _input.Append(bytes);
        ReadOn();
    }

    public void OnFin() => Close(abort: false);

    public void OnReset()
    {
        _isClosed = true;
        wire.CloseFar(abort: true);
        node.Forget(this);
    }

    public void Close(bool abort)
    {
        if (!_isClosed)
        {
            _isClosed = true;
            wire.CloseFar(abort);
            node.Forget(this);
        }
    }

    public bool Hear(string channel, string word)
    {
        bool hears = _pushes.Hears(channel);
        if (hears)
        {
            _output.Append(RedisPushes.Message(channel, word, _protocol));
            Flush();
        }

        return hears;
    }

    public void Invalidate(string key)
    {
        _output.Append(_pushes.OnChanged(key));
        Flush();
    }

    private void ReadOn()
    {
        while (!_isClosed && _blockedIn is null && _input.TakeRequest() is { } request)
        {
            if (request.Length > 0)
            {
                Take(request);
            }

            _changed.ForEach(node.Invalidate);
            _changed.Clear();
            if (request is ["RPUSH" or "EXEC", ..])
            {
                node.ServeWaiting();
            }
        }

        Flush();
    }

    private void Flush()
    {
        if (_output.Length > 0 && !_isClosed)
        {
            wire.Say(Encoding.Latin1.GetBytes(_output.ToString()));
        }

        _output.Clear();
    }

    private void Take(string[] request)
    {
        string command = request[0];
        world.Note(command, node.Number, request[^1].Length);
        bool isWrite = IsWrite(command) || (command == "EXEC" && _queue.Exists(queued => IsWrite(queued[0])));
        string? refusal = node.IsLoading && !IsAllowedWhileLoading(command) ? Loading : isWrite && !node.IsMaster ? ReadOnly : null;
        if (refusal is not null)
        {
            Refuse(command, refusal);
            return;
        }

        // Nobody else knows what a pop that found nothing did.
        // With shared links a session waits on another connection than it has written on, and a command after that counts (redis source,
        // processCommand: woff).
        _hasWritten |= isWrite || command == "PUBLISH" || (node.History.SharesLinks && command != "WAIT");
        if (_isInMulti && command is not ("EXEC" or "DISCARD" or "MULTI" or "WATCH" or "RESET"))
        {
            _queue.Add(request);
            _output.Append("+QUEUED\r\n");
        }
        else if (command == "EXEC")
        {
            Execute();
        }
        else
        {
            Run(request, isInExec: false);
        }
    }

    private static bool IsWrite(string command) => command is "RPUSH" or "SET" or "BLPOP";

    private static bool IsAllowedWhileLoading(string command) =>
        command is "AUTH" or "HELLO" or "SELECT" or "CLIENT" or "MULTI" or "EXEC" or "DISCARD" or "WATCH" or "UNWATCH" or "RESET"
            or "SUBSCRIBE" or "PUBLISH" or "SPUBLISH";

    private void Refuse(string command, string refusal)
    {
        if (command == "EXEC")
        {
            EndTransaction();
            _output.Append("-EXECABORT Transaction discarded because of: ").Append(refusal.AsSpan(1));
            return;
        }

        _isMultiSpoilt |= _isInMulti;
        _output.Append(refusal);
    }

    private void Execute()
    {
        if (!_isInMulti)
        {
            _output.Append("-ERR EXEC without MULTI\r\n");
            return;
        }

        bool isConflict = _watched.Any(pair => node.Data.Changes(pair.Key.Db, pair.Key.Key) != pair.Value);
        string[][] queue = [.. _queue];
        bool isSpoilt = _isMultiSpoilt;
        EndTransaction();
        if (isSpoilt)
        {
            _output.Append("-EXECABORT Transaction discarded because of previous errors.\r\n");
        }
        else if (isConflict)
        {
            _output.Append(Nil);
        }
        else
        {
            _output.Append(CultureInfo.InvariantCulture, $"*{queue.Length}\r\n");
            foreach (string[] request in queue)
            {
                Run(request, isInExec: true);
            }

            _inExec.ForEach(fate => wire.Mark(fate, _output.Length));
            _inExec.Clear();
        }
    }

    private void EndTransaction()
    {
        _isInMulti = false;
        _isMultiSpoilt = false;
        _queue.Clear();
        _watched.Clear();
    }

    private void Run(string[] request, bool isInExec)
    {
        switch (request[0])
        {
            case "RPUSH":
                Write(new Effect(EffectKind.Push, _db, request[1], request[2]), isInExec);
                break;
            case "SET":
                Write(new Effect(EffectKind.Set, _db, request[1], request[2]), isInExec);
                break;
            case "GET" when request[1].StartsWith("f:", StringComparison.Ordinal):
                Bulk(Describe(request[1], _db, node.History.SharesLinks ? "" : _name, _protocol, _user));
                break;
            case "GET":
                _pushes.OnRead(request[1]);
                Bulk(node.Data.ReadText(_db, request[1]));
                break;
            case "BLPOP" when node.Data.Length(_db, request[1]) > 0:
                Pop(request);
                break;
            case "BLPOP":
                Block(request, (long)(double.Parse(request[3], CultureInfo.InvariantCulture) * 1e6), () => Nil);
                break;
            case "WAIT" when node.History.Durable is not null:
                WaitForReplicas(request);
                break;
            case "WAIT":
                // To a connection that has not written it says that all replicas have everything.
                long waitUs = world.Between(0, long.Parse(request[2], CultureInfo.InvariantCulture) * 1000);
                Block(request, waitUs, () => _hasWritten ? ":1\r\n" : AllReplicas);
                break;
            case "ECHO":
                Bulk(request[1]);
                break;
            case "MULTI":
                _isInMulti = true;
                _output.Append("+OK\r\n");
                break;
            case "DISCARD" or "UNWATCH":
                EndTransaction();
                _output.Append("+OK\r\n");
                break;
            case "WATCH":
                _watched.TryAdd((_db, request[1]), node.Data.Changes(_db, request[1]));
                _output.Append("+OK\r\n");
                break;
            default:
                RunConnectionCommand(request);
                break;
        }
    }

    private void RunConnectionCommand(string[] request)
    {
        switch (request[0])
        {
            case "SELECT":
                _db = int.Parse(request[1], CultureInfo.InvariantCulture);
                _output.Append("+OK\r\n");
                break;
            case "CLIENT" when request[1] == "SETNAME":
                _name = request[2];
                wire.StallPercent = _name == ProxysOwnName ? 0 : wire.StallPercent;
                _output.Append("+OK\r\n");
                break;
            case "RESET":
                EndTransaction();
                _pushes.Clear();
                (_db, _protocol, _name, _user) = (0, 2, "", Standing.OfNobody.User);
                _output.Append("+RESET\r\n");
                break;
            case "CLIENT" when request is [_, "REPLY", "ON"]:
                _output.Append("+OK\r\n");
                break;
            case "AUTH":
                _user = request[^1] == Password && request.Length == 3 ? request[1] : "nobody";
                _output.Append(_user == "nobody" ? "-WRONGPASS invalid username-password pair or user is disabled.\r\n" : "+OK\r\n");
                break;
            case "HELLO":
                _protocol = int.Parse(request[1], CultureInfo.InvariantCulture);
                for (int i = 2; i < request.Length; i += request[i] == "AUTH" ? 3 : 2)
                {
                    _user = request[i] == "AUTH" && request[i + 2] == Password ? request[i + 1] : _user;
                    _name = request[i] == "SETNAME" ? request[i + 1] : _name;
                }

                _output.Append(CultureInfo.InvariantCulture, $"{(_protocol == 3 ? "%1" : "*2")}\r\n$5\r\nproto\r\n:{_protocol}\r\n");
                break;
            case "CLIENT" when request is [_, "TRACKING", "ON"]:
                _pushes.Tracks = true;
                _output.Append("+OK\r\n");
                break;
            case "SUBSCRIBE":
                _output.Append(string.Concat(request[1..].Select(channel => _pushes.Subscribe(channel, _protocol))));
                break;
            case "PUBLISH":
                Publish(request[1], request[2]);
                break;
            case "SPUBLISH":
                Replicate(new Effect(EffectKind.Publish, _db, request[1]));
                _output.Append(":0\r\n");
                break;
            case "PING" when _pushes.IsSubscribed && _protocol == 2:
                _output.Append("*2\r\n$4\r\npong\r\n$0\r\n\r\n");
                break;
            case "PING":
                _output.Append("+PONG\r\n");
                break;
            default:
                _output.Append("-ERR unknown command\r\n");
                break;
        }
    }

    private string Nil => _protocol == 3 ? "_\r\n" : "*-1\r\n";

    private void Write(Effect effect, bool isInExec)
    {
        int length = node.Data.Length(effect.Db, effect.Key) + 1;
        Write(effect, effect.Kind == EffectKind.Set ? "+OK\r\n" : FormattableString.Invariant($":{length}\r\n"), isInExec);
    }

    private void Write(Effect effect, string reply, bool isInExec = false)
    {
        Replicate(effect);
        _changed.Add(effect.Key);
        _output.Append(reply);
        Record(effect, reply, isInExec);
    }

    private void Publish(string channel, string word)
    {
        string reply = FormattableString.Invariant($":{node.Publish(channel, word)}\r\n");
        _output.Append(reply);
        var effect = new Effect(EffectKind.Publish, _db, channel, word);
        if (node.History.Durable is not null)
        {
            Replicate(effect);
        }

        Record(effect, reply, isInExec: false);
    }

    private void Replicate(Effect effect)
    {
        if (node.IsMaster)
        {
            node.Write(effect);
            _writtenTo = node.Offset;
        }
    }

    private void Record(Effect effect, string reply, bool isInExec)
    {
        if (node.History.OnExecuted(node, effect, _user, reply, isInExec) is not { } fate)
        {
            return;
        }

        if (isInExec)
        {
            _inExec.Add(fate);
        }
        else
        {
            wire.Mark(fate, _output.Length);
        }
    }

    private void Bulk(string text) => _output.Append(Conversation.BulkOf(text));
}
