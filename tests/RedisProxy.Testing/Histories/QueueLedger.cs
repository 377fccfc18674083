namespace RedisProxy.Testing.Histories;

/// <summary>
/// Queues with many pushers and many poppers. An element is delivered to at most one client, and only if it was pushed; a pop of
/// unknown outcome may have taken one. Elements are unique over all queues. Thread-safe.
/// </summary>
internal sealed class QueueLedger
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (string Queue, Settlement Told)> _pushes = [];
    private readonly Dictionary<string, List<Settlement>> _deliveries = [];
    private readonly Dictionary<string, int> _unknownPops = [];
    private int _delivered;

    public int Delivered => Volatile.Read(ref _delivered);

    public void Pushed(string queue, string element, Settlement told)
    {
        lock (_gate)
        {
            _pushes[element] = (queue, told);
        }
    }

    public void Popped(string element, Settlement told)
    {
        lock (_gate)
        {
            if (!_deliveries.TryGetValue(element, out List<Settlement>? all))
            {
                _deliveries[element] = all = [];
            }

            all.Add(told);
            _delivered++;
        }
    }

    public void PopIsUnknown(string queue)
    {
        lock (_gate)
        {
            _unknownPops[queue] = _unknownPops.GetValueOrDefault(queue) + 1;
        }
    }

    /// <summary>At the end: finds everything that does not match the queues' content.</summary>
    /// <param name="stored">Current content of each queue.</param>
    /// <param name="faults">Excuse losses at the moment of a fault.</param>
    /// <param name="violate">Receives what nothing excuses, except missing elements, which go to <paramref name="lost"/>.</param>
    /// <param name="lost">Receives each acknowledgement that did not last, excused or not.</param>
    public void Check(
        IReadOnlyDictionary<string, IReadOnlyList<string>> stored,
        FaultLog faults,
        Action<Violation> violate,
        Action<LostAcknowledgement> lost)
    {
        lock (_gate)
        {
            var left = stored.Values.SelectMany(list => list).GroupBy(element => element).ToDictionary(g => g.Key, g => g.Count());
            foreach (string element in left.Keys.Union(_deliveries.Keys))
            {
                CheckSeen(element, left.GetValueOrDefault(element), violate, lost);
            }

            foreach (IGrouping<string, LostAcknowledgement> queue in Missing(left).GroupBy(m => m.Queue, m => m.Lost))
            {
                // Each pop of unknown outcome may have taken one; it is unknown which. Those that a fault excuses as well are left to it.
                foreach (LostAcknowledgement missing in queue.OrderBy(l => faults.Excuse(l) is not null)
                    .Skip(_unknownPops.GetValueOrDefault(queue.Key)))
                {
                    lost(missing);
                }
            }
        }
    }

    private void CheckSeen(string element, int left, Action<Violation> violate, Action<LostAcknowledgement> lost)
    {
        List<Settlement> deliveries = _deliveries.GetValueOrDefault(element, []);
        if (!_pushes.TryGetValue(element, out (string Queue, Settlement Told) push))
        {
            violate(new Violation(ViolationKind.Phantom, TimeSpan.Zero, $"{element} was never pushed", [.. deliveries.Select(Show)]));
            return;
        }

        string[] history = [$"RPUSH {push.Queue} {element}: {Show(push.Told)}", .. deliveries.Select(d => $"BLPOP: {Show(d)}")];
        if (push.Told.Outcome is WriteOutcome.NotExecuted or WriteOutcome.OtherError)
        {
            violate(new Violation(ViolationKind.Phantom, push.Told.AnsweredAt, $"{element} is there, and its push was denied", history));
        }

        if (left > 1)
        {
            violate(new Violation(ViolationKind.Duplicate, push.Told.AnsweredAt, $"{element} is in its queue {left} times", history));
        }

        // All deliveries but the last must have been undone by a loss; the last one too, if the element is still there.
        foreach (Settlement undone in deliveries.OrderBy(d => d.AnsweredAt).SkipLast(left > 0 ? 0 : 1))
        {
            string how = left > 0 ? "it is in its queue again" : $"it was delivered {deliveries.Count} times";
            lost(new LostAcknowledgement($"the pop of {element}", undone.SentAt, undone.AnsweredAt, how)
            {
                Kind = ViolationKind.Duplicate, History = history,
            });
        }
    }

    private IEnumerable<(string Queue, LostAcknowledgement Lost)> Missing(Dictionary<string, int> left) =>
        from push in _pushes
        where push.Value.Told.Outcome == WriteOutcome.Acknowledged && !left.ContainsKey(push.Key) && !_deliveries.ContainsKey(push.Key)
        let told = push.Value.Told
        let lost = new LostAcknowledgement(push.Key, told.SentAt, told.AnsweredAt, $"neither delivered nor in {push.Value.Queue}")
        select (push.Value.Queue, lost with { History = [$"RPUSH {push.Value.Queue} {push.Key}: {Show(told)}"] });

    private static string Show(Settlement s) =>
        $"sent {s.SentAt.TotalSeconds:0.000}, {s.Outcome} {s.Error} at {s.AnsweredAt.TotalSeconds:0.000}";
}
