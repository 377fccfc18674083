namespace RedisProxy.Admin;

/// <summary>The status and the sessions as text, for a terminal.</summary>
internal static class StatusText
{
    public static string Of(ProxyStatus status) => Join(Lines(status));

    public static string Of(SessionsAnswer answer) => Join(Lines(answer));

    private static IEnumerable<string> Lines(ProxyStatus status)
    {
        string state = status.Stopping ? "stopping" : status.Ready ? "ready" : "not ready";
        yield return Invariant($"RedisProxy {status.Version}, {state}, up {Duration(status.UptimeSeconds)}");
        foreach (string line in status.Masters.SelectMany(Lines).Concat(status.Listeners.SelectMany(Lines)))
        {
            yield return line;
        }
    }

    private static IEnumerable<string> Lines(MasterStatus master)
    {
        string reason = master.Reason.Length > 0 ? $": {master.Reason}" : "";
        yield return "";
        string address = master.Announced ?? "unknown";
        string age = Invariant($"epoch {master.Epoch}, generation {master.Generation}");
        yield return $"master '{master.Name}' {address}, {age}, {master.Availability}{reason}";
        if (master.Outage is { } outage)
        {
            yield return $"  NOW        {outage.Text}";
        }

        foreach (ReplicaStatus replica in master.Replication)
        {
            yield return $"  replica    {replica.Address} {Words(replica)}";
        }

        foreach (SentinelStatus sentinel in master.Sentinels)
        {
            string says = sentinel.Agrees ? "agrees" : !sentinel.Connected ? "not connected" : $"reports {sentinel.Master ?? "no master"}";
            string error = sentinel.Error.Length > 0 ? $": {sentinel.Error}" : "";
            yield return Invariant($"  sentinel   {sentinel.Address} {says}, epoch {sentinel.Epoch}{error}");
        }

        yield return $"  failovers  {Counts(master.Failovers)}";
        foreach (FailoverStatus failover in master.LastFailovers)
        {
            yield return $"  {Line(failover)}";
            if (failover.Cost is { } cost)
            {
                yield return $"     {cost.Text}";
                yield return $"     {cost.Moments}";
            }
        }
    }

    private static string Words(ReplicaStatus replica)
    {
        string state = replica.Error.Length > 0 ? replica.Error
            : replica.Syncing ? "in a full sync"
            : !replica.LinkUp ? "link down"
            : replica.LagBytes is { } lag ? Invariant($"{lag} bytes behind")
            : "lag unknown";
        return replica.LagSeconds > 0 ? Invariant($"{state}, {replica.LagSeconds:0.0} s") : state;
    }

    private static string Line(FailoverStatus failover)
    {
        string accepted = failover.AcceptedAfterSeconds is { } seconds ? Invariant($", accepted after {seconds:0.000} s") : "";
        string available = failover.AvailableAfterSeconds is { } later
            ? Invariant($", available after {later:0.000} s")
            : ", not available yet";
        string what = $"{failover.Kind} {failover.Way}{accepted}{available}";
        return Invariant($"#{failover.Number} {failover.FirstSignAt.UtcDateTime:yyyy-MM-dd HH:mm:ss.fff}Z {what}");
    }

    private static IEnumerable<string> Lines(ListenerStatus listener)
    {
        yield return Line(listener);
        if (listener.TakeOver is { } taken)
        {
            yield return Invariant($"  took over  {taken.Sessions} session(s) from process {taken.Process}; {taken.Rest}");
        }

        if (listener.Links is { } links)
        {
            string sofar = Counts(links.DedicatedTotal);
            yield return Invariant($"  links      shared {links.Shared}, dedicated {links.Dedicated}, kept {links.Kept}")
                + $"; sessions: {Counts(links.Sessions)}" + (sofar.Length > 0 ? $"; dedicated so far: {sofar}" : "");
        }
    }

    private static string Line(ListenerStatus listener)
    {
        long now = listener.Sessions.Values.Sum();
        string phases = Counts(listener.Sessions.Where(phase => phase.Value > 0));
        string pinned = Counts(listener.Pinned);
        string paused = (listener.Paused ? ", PAUSED" : "") + (listener.Draining ? ", DRAINING" : "");
        string servers = listener.Role == "replica"
            ? $", replicas: {(listener.Servers.Count == 0 ? "none" : Counts(listener.Servers.Select(
                server => KeyValuePair.Create(server.Address, (long)server.Sessions))))}"
            : "";
        return Invariant($"\nlistener '{listener.Name}' on {listener.Bind}{servers}{paused}, {now} of {listener.MaxSessions} sessions")
            + (now > 0 ? $" ({phases})" : "")
            + Invariant($", {listener.Requests} requests, {listener.Refused} refused")
            + (pinned.Length > 0 ? $", closed by failovers: {pinned}" : "");
    }

    private static IEnumerable<string> Lines(SessionsAnswer answer)
    {
        bool hasLinks = answer.Sessions.Any(static session => session.Link is not null);
        string[] titles = ["ID", "LISTENER", "CLIENT", "NAME", "DB", "PHASE", "AGE", "IN FLIGHT", "WAITING", "RECEIVED", "HELD"];
        string[][] rows =
        [
            hasLinks ? [.. titles, "LINK"] : titles,
            .. answer.Sessions.Select(session => hasLinks ? [.. Cells(session), LinkOf(session)] : Cells(session)),
        ];
        foreach (string line in TextTable.LinesOf(rows))
        {
            yield return line;
        }

        if (answer.Matching > answer.Sessions.Count)
        {
            yield return Invariant($"… and {answer.Matching - answer.Sessions.Count} more");
        }
    }

    private static string[] Cells(SessionStatus session) =>
    [
        Invariant($"{session.Id}"),
        session.Listener,
        session.Client,
        TextTable.Printable(session.Name),
        Invariant($"{session.Database}"),
        session.Phase,
        Duration(session.AgeSeconds),
        Invariant($"{session.InFlight}"),
        Invariant($"{session.Waiting}"),
        Invariant($"{session.ReceivedBytes}"),
        Invariant($"{session.HeldBytes}"),
    ];

    private static string LinkOf(SessionStatus session) =>
        session.Reason is { } reason ? $"{session.Link}: {reason}" : session.Link ?? "";

    private static string Counts(IEnumerable<KeyValuePair<string, long>> counts) =>
        string.Join(", ", counts.Select(count => Invariant($"{count.Key} {count.Value}")));

    private static string Duration(double seconds) => seconds switch
    {
        < 60 => Invariant($"{seconds:0.0} s"),
        < 3600 => Invariant($"{seconds / 60:0} min"),
        < 48 * 3600 => Invariant($"{seconds / 3600:0.0} h"),
        _ => Invariant($"{seconds / 86400:0.0} d"),
    };

    private static string Join(IEnumerable<string> lines) => string.Concat(lines.Select(line => line + "\n"));

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
