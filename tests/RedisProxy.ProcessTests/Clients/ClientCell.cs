using System.Diagnostics;
using System.Text.Json;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Clients;

/// <summary>
/// One client in one mode: a driver's process, and what it said, stage by stage. A line belongs to the stage in which it arrives, so no
/// clocks are compared.
/// </summary>
internal sealed class ClientCell(ClientProgram client, ClientMode mode) : IAsyncDisposable
{
    private const string Acknowledgement = "{\"ack\"";

    private readonly Lock _gate = new();
    private readonly CellStage[] _stages = [.. Enum.GetValues<ClientStage>().Select(_ => new CellStage())];
    private ClientStage _now;
    private ChildProcess? _process;
    private int _port;
    private long _lastAt = Stopwatch.GetTimestamp();

    public ClientProgram Client { get; } = client;

    public ClientMode Mode { get; } = mode;

    /// <summary>The list that this driver writes, or pops from.</summary>
    public string Key => $"{Client.Name}:{Mode}";

    /// <summary>The second list of the transactional mode.</summary>
    public string TwinKey => $"{Key}:twin";

    /// <summary>Redis-cli's pipe mode connects for each of its feeds, and says only at the end of one what became of it.</summary>
    public bool ConnectsForEachFeed => Client.Name == "redis-cli" && Mode == ClientMode.Pipelined;

    /// <summary>It writes numbers into <see cref="Key"/>.</summary>
    public bool Writes => Mode is ClientMode.Plain or ClientMode.Pipelined or ClientMode.Transactional;

    /// <summary>As the client calls itself.</summary>
    public string Version { get; private set; } = "";

    /// <summary>An EXEC was in flight when the master was killed, and that costs this client its connection.</summary>
    public bool LostItsConnectionByExec =>
        MayLoseItsConnectionByExec && this[ClientStage.Killed].Errors.Exists(error => error.Kind == ClientErrorKind.Other);

    public bool MayLoseItsConnectionByExec => Client.ReconnectsAfterAFailedExec && Mode == ClientMode.Transactional;

    /// <summary>Acknowledged, and not there after the planned failover.</summary>
    public IReadOnlyList<long> LostByPlanned { get; set; } = [];

    /// <summary>What the lists held at the end.</summary>
    public IReadOnlyList<long> ListAtEnd { get; set; } = [];

    public IReadOnlyList<long> TwinAtEnd { get; set; } = [];

    /// <summary>Of the blocking mode: what was pushed for it.</summary>
    public IReadOnlyList<long> Pushed { get; set; } = [];

    /// <summary>Why it could not run at all.</summary>
    public string? Problem { get; private set; }

    public bool IsRunning => Problem is null && _process is { HasExited: false };

    public int Acknowledgements
    {
        get
        {
            lock (_gate)
            {
                return _stages.Sum(s => s.Acknowledged.Count);
            }
        }
    }

    public CellStage this[ClientStage stage] => _stages[(int)stage];

    /// <param name="command">The program and its first arguments.</param>
    /// <param name="port">To which connections are watched.</param>
    /// <param name="logFile">Gets what it says.</param>
    /// <param name="sentinel">For Sentinel mode: the port of a Sentinel, and the name of the master.</param>
    public async Task StartAsync(IReadOnlyList<string> command, int port, string logFile, params string[] sentinel)
    {
        _port = port;
        string[] arguments = [.. command.Skip(1), Mode.ToString().ToLowerInvariant(), $"{port}", Key, .. sentinel];
        _process = await ChildProcess.StartAsync(Key, command[0], arguments, logFile, environment: null, Take);
    }

    public void CannotRun(string why) => Problem = why;

    /// <summary>Writes that were acknowledged until now.</summary>
    public IReadOnlyList<long> AcknowledgedUntilNow()
    {
        lock (_gate)
        {
            return [.. _stages.SelectMany(s => s.Acknowledged)];
        }
    }

    public void Begin(ClientStage stage)
    {
        lock (_gate)
        {
            _now = stage;
            _lastAt = Stopwatch.GetTimestamp();
        }

        this[stage].Before = Connections();
    }

    public void LookAtConnections() => this[_now].Seen.UnionWith(Connections());

    public void End(string? problem)
    {
        CellStage stage = this[_now];
        stage.After = Connections();
        stage.Seen.UnionWith(stage.After);
        stage.Problem = Problem ?? (IsRunning ? problem : Ended());
    }

    public void MarkIncident()
    {
        lock (_gate)
        {
            this[_now].AcknowledgedBeforeIncident = this[_now].Acknowledged.Count;
        }
    }

    /// <summary>For one that does not go on: where it, or what it waits for, stands.</summary>
    public string Describe() => _process is null ? "" : SocketWatch.Describe(_process.Id, _port);

    /// <summary>What it said last, and what was made of it.</summary>
    public string LogTail => string.Join('\n', (_process?.LogTail ?? "").Split('\n').TakeLast(10));

    public ValueTask DisposeAsync() => _process is null ? ValueTask.CompletedTask : _process.DisposeAsync();

    public override string ToString() => $"{Client.Name}, {Mode}";

    private string Ended()
    {
        IEnumerable<string> words = from line in (_process?.LogTail ?? "").Split('\n')
                                    where !line.StartsWith(Acknowledgement, StringComparison.Ordinal)
                                    select line;
        return $"The driver has ended; it needs {Client.Needs}. It said:\n{string.Join('\n', words)}";
    }

    private IReadOnlySet<long> Connections() =>
        _process is null ? new HashSet<long>() : SocketWatch.ConnectionsOf(_process.Id, _port);

    private void Take(string line)
    {
        lock (_gate)
        {
            CellStage stage = this[_now];
            try
            {
                using JsonDocument document = JsonDocument.Parse(line);
                Take(stage, document.RootElement);
            }
            catch (JsonException)
            {
                stage.Wrong.Add($"not a line of a driver: {line}");
            }
        }
    }

    private void Take(CellStage stage, JsonElement said)
    {
        if (said.TryGetProperty("ack", out JsonElement numbers))
        {
            stage.Acknowledged.AddRange(Numbers(numbers));
            TimeSpan pause = Stopwatch.GetElapsedTime(_lastAt);
            stage.LongestPause = pause > stage.LongestPause ? pause : stage.LongestPause;
            _lastAt = Stopwatch.GetTimestamp();
        }
        else if (said.TryGetProperty("error", out JsonElement error))
        {
            stage.Errors.Add(new ClientError(error.GetString()!, [.. Numbers(said.GetProperty("of"))]));
        }
        else if (said.TryGetProperty("wrong", out JsonElement wrong))
        {
            stage.Wrong.Add(wrong.GetString()!);
        }
        else if (said.TryGetProperty("note", out JsonElement note))
        {
            stage.Notes.Add(note.GetString()!);
        }
        else
        {
            Version = said.GetProperty("client").GetString()!;
        }
    }

    private static IEnumerable<long> Numbers(JsonElement array) => array.EnumerateArray().Select(n => n.GetInt64());
}
