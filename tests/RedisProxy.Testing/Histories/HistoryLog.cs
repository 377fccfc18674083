using System.Collections.Concurrent;
using System.Diagnostics;

namespace RedisProxy.Testing.Histories;

/// <summary>State of a connection when the other side closed it.</summary>
internal enum CloseState
{
    /// <summary>WATCH was sent, and EXEC not answered.</summary>
    Watch,

    /// <summary>MULTI was sent, and EXEC not answered.</summary>
    Transaction,

    /// <summary>A large reply was due or half received: closing is the only honest reaction.</summary>
    Torn,

    /// <summary>A blocking request was in flight.</summary>
    Blocking,

    /// <summary>Any other request was in flight.</summary>
    InFlight,

    /// <summary>Nothing was in flight.</summary>
    Idle,
}

/// <summary>Collects what all connections of a load see. Thread-safe.</summary>
internal sealed class HistoryLog
{
    private readonly long _epoch = Stopwatch.GetTimestamp();
    private readonly int[] _byOutcome = new int[Enum.GetValues<WriteOutcome>().Length];
    private readonly ConcurrentDictionary<string, int> _counts = new();
    private readonly ConcurrentDictionary<CloseState, int> _closes = new();
    private readonly ConcurrentQueue<WriteRecord> _elements = new();
    private readonly ConcurrentQueue<Violation> _violations = new();
    private readonly ConcurrentQueue<LostAcknowledgement> _lost = new();
    private int _writers;
    private int _connections;

    /// <summary>The clock of the history.</summary>
    public TimeSpan Now => Stopwatch.GetElapsedTime(_epoch);

    public FaultLog Faults { get; } = new();

    public QueueLedger Queues { get; } = new();

    /// <summary>List elements, each with its outcome.</summary>
    public IReadOnlyCollection<WriteRecord> Elements => _elements;

    /// <summary>Seen while the load ran.</summary>
    public IReadOnlyCollection<Violation> Violations => _violations;

    public IReadOnlyCollection<LostAcknowledgement> Lost => _lost;

    public IReadOnlyDictionary<CloseState, int> Closes => _closes;

    /// <summary>Counts of other observations, by description.</summary>
    public IReadOnlyDictionary<string, int> Counts => _counts;

    public int Connections => Volatile.Read(ref _connections);

    public int Requests => _byOutcome.Sum();

    public int Count(WriteOutcome outcome) => Volatile.Read(ref _byOutcome[(int)outcome]);

    public int NextConnection() => Interlocked.Increment(ref _connections);

    /// <summary>One per list, because each list has its own order.</summary>
    public int NextWriter() => Interlocked.Increment(ref _writers);

    public void Add(WriteOutcome outcome) => Interlocked.Increment(ref _byOutcome[(int)outcome]);

    public void Add(CloseState state) => _closes.AddOrUpdate(state, 1, (_, count) => count + 1);

    public void Add(string what) => _counts.AddOrUpdate(what, 1, (_, count) => count + 1);

    public void Add(WriteRecord element) => _elements.Enqueue(element);

    public void Add(Violation violation) => _violations.Enqueue(violation);

    public void Add(LostAcknowledgement lost) => _lost.Enqueue(lost);
}
