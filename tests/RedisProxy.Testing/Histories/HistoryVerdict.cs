using System.Globalization;
using System.Text;

namespace RedisProxy.Testing.Histories;

/// <summary>
/// Compares the replies of all connections with what the last master holds. Every acknowledgement that did not last is either
/// excused by the fault during which it was given, and counted, or a violation.
/// </summary>
internal sealed class HistoryVerdict
{
    private const int MaxShown = 5;

    // One iteration of redis's loop: this many connections with this many requests each.
    private const int MaxLostByOneStop = 60;

    private readonly HistoryLog _log;
    private readonly List<Violation> _violations = [];
    private readonly List<Violation> _losses = [];
    private readonly Dictionary<FaultKind, HashSet<string>> _excused = [];

    private HistoryVerdict(HistoryLog log) => _log = log;

    public IReadOnlyList<Violation> Violations => _violations;

    public bool IsHonest => _violations.Count == 0;

    /// <summary>Acknowledged at the moment the master was killed or frozen, and lost.</summary>
    public IReadOnlyDictionary<FaultKind, int> Excused => _excused.ToDictionary(e => e.Key, e => e.Value.Count);

    public static HistoryVerdict Of(HistoryLog log, StoredState stored)
    {
        var verdict = new HistoryVerdict(log);
        verdict._violations.AddRange(log.Violations);
        verdict.CheckLists(stored);
        verdict.CheckDatabases(stored);
        log.Queues.Check(stored.Queues, log.Faults, verdict._violations.Add, verdict.Add);
        foreach (LostAcknowledgement lost in log.Lost)
        {
            verdict.Add(lost);
        }

        verdict.CheckBound();
        verdict._violations.Sort((one, other) => one.At.CompareTo(other.At));
        return verdict;
    }

    /// <summary>One line.</summary>
    public string Totals(IReadOnlyDictionary<FaultKind, int>? faults = null) => new StringBuilder()
        .Append(List("faults", faults))
        .Append(CultureInfo.InvariantCulture, $"{_log.Connections} connections, {_log.Requests} requests: ")
        .Append(CultureInfo.InvariantCulture, $"ok {_log.Count(WriteOutcome.Acknowledged)}, ")
        .Append(CultureInfo.InvariantCulture, $"not executed {_log.Count(WriteOutcome.NotExecuted)}, ")
        .Append(CultureInfo.InvariantCulture, $"rejected {_log.Count(WriteOutcome.OtherError)}, ")
        .Append(CultureInfo.InvariantCulture, $"unknown {_log.Count(WriteOutcome.Unknown)}, ")
        .Append(CultureInfo.InvariantCulture, $"broken {_log.Count(WriteOutcome.Broken)}; popped {_log.Queues.Delivered}; ")
        .Append(List("lost in the moment of a fault", Excused))
        .Append(List("closed by the proxy", _log.Closes))
        .Append(List("answers", _log.Counts))
        .AppendJoin(", ", Enum.GetValues<ViolationKind>().Select(kind => $"{kind.ToString().ToLowerInvariant()} {CountOf(kind)}"))
        .ToString();

    /// <summary>The first violations, each with its history and the faults around it.</summary>
    public string Describe() => Describe(_violations, "violations");

    /// <summary>The same of what is excused, where nothing is.</summary>
    public string DescribeExcused() => Describe(_losses, "lost in the moment of a fault");

    private string Describe(List<Violation> violations, string what)
    {
        var text = new StringBuilder();
        foreach (Violation violation in violations.Take(MaxShown))
        {
            text.Append(violation).Append("\n    faults around it:");
            foreach (string line in _log.Faults.Around(violation.At))
            {
                text.Append("\n    ").Append(line);
            }

            text.Append('\n');
        }

        return text.Append(CultureInfo.InvariantCulture, $"{violations.Count} {what} in all").ToString();
    }

    private int CountOf(ViolationKind kind) => _violations.Count(v => v.Kind == kind);

    private void CheckLists(StoredState stored)
    {
        LossReport report = new WriteHistory([.. _log.Elements], 0, _log.Now).Compare(stored.Lists);
        if (report.IsHonest)
        {
            return;
        }

        ILookup<string, WriteRecord> records = _log.Elements.ToLookup(r => WriteRecord.Element(r.Writer, r.Number));
        foreach (WriteRecord lost in report.Lost.Select(element => records[element].First()))
        {
            Add(new LostAcknowledgement(
                WriteRecord.Element(lost.Writer, lost.Number), lost.SentAt, lost.AnsweredAt, $"not in list {lost.Writer} at the end")
            {
                History = HistoryOf(lost),
            });
        }

        AddAll(report.Phantom, ViolationKind.Phantom, "is there, and was denied or never written", records);
        AddAll(report.Duplicate, ViolationKind.Duplicate, "is there more than once", records);
        AddAll(report.OutOfOrder, ViolationKind.Reordered, "is behind one that was sent later", records);
    }

    private void AddAll(IEnumerable<string> elements, ViolationKind kind, string what, ILookup<string, WriteRecord> records)
    {
        foreach (string element in elements)
        {
            WriteRecord? record = records[element].Select(r => (WriteRecord?)r).FirstOrDefault();
            _violations.Add(new Violation(
                kind, record?.SentAt ?? TimeSpan.Zero, $"{element} {what}", record is { } known ? HistoryOf(known) : []));
        }
    }

    /// <summary>The element and its neighbours.</summary>
    private string[] HistoryOf(WriteRecord record) =>
    [
        .. _log.Elements.Where(r => r.Writer == record.Writer && Math.Abs(r.Number - record.Number) <= 1).OrderBy(r => r.Number).Select(
            r => $"{Show(r.SentAt)} → {Show(r.AnsweredAt)} {WriteRecord.Element(r.Writer, r.Number)}: {r.Outcome} {r.Error}"),
    ];

    private static string Show(TimeSpan at) => at.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);

    private void CheckDatabases(StoredState stored)
    {
        foreach ((int database, string key) in stored.Keys)
        {
            if (!key.StartsWith(FixedData.Key(database, ""), StringComparison.Ordinal))
            {
                _violations.Add(new Violation(ViolationKind.WrongDatabase, _log.Now, $"{key} is in database {database}", []));
            }
        }
    }

    private void Add(LostAcknowledgement lost)
    {
        var violation = new Violation(
            lost.Kind,
            lost.AnsweredAt,
            $"{lost.What}, sent at {Show(lost.SentAt)} and acknowledged at {Show(lost.AnsweredAt)}: {lost.How}",
            lost.History);
        if (_log.Faults.Excuse(lost) is not { } excuse)
        {
            _violations.Add(violation);
            return;
        }

        _losses.Add(violation);

        if (!_excused.TryGetValue(excuse, out HashSet<string>? all))
        {
            _excused[excuse] = all = [];
        }

        // Some were seen while the load ran and again at the end.
        all.Add(lost.What);
    }

    private void CheckBound()
    {
        foreach ((FaultKind kind, HashSet<string> lost) in _excused)
        {
            int max = MaxLostByOneStop * _log.Faults.Stops(kind);
            if (lost.Count > max)
            {
                string text = $"{lost.Count} in the moments of {kind}, more than {max}";
                _violations.Add(new Violation(ViolationKind.Lost, TimeSpan.Zero, text, [.. lost.Take(MaxShown)]));
            }
        }
    }

    private static string List<TKey>(string title, IReadOnlyDictionary<TKey, int>? counts)
        where TKey : notnull
    {
        IEnumerable<string> items = (counts ?? new Dictionary<TKey, int>()).Select(c => $"{c.Key} {c.Value}").Order(StringComparer.Ordinal);
        return counts is { Count: > 0 } ? $"{title}: {string.Join(", ", items)}; " : "";
    }
}
