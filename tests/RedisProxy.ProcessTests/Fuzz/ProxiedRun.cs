using RedisProxy.Topology;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>Says a plan's stream to the proxy, makes its faults happen, and judges what comes back and what is left.</summary>
internal sealed class ProxiedRun : IDisposable
{
    private const int DrainMs = 25;
    private const int GoneMs = 500;

    private readonly FuzzPlan _plan;
    private readonly FuzzServer _server;
    private readonly FuzzProxy _proxy;
    private readonly ReferenceRun _reference;
    private readonly int _hangMs;
    private readonly IReadOnlyList<FuzzRequest> _requests;
    private readonly FuzzClient _client = new();
    private readonly List<byte> _unsent = [];
    private int _said;
    private int _pushed;

    private ProxiedRun(FuzzPlan plan, FuzzServer server, FuzzProxy proxy, ReferenceRun reference, int hangMs)
    {
        _plan = plan;
        _server = server;
        _proxy = proxy;
        _reference = reference;
        _hangMs = hangMs;
        _requests = plan.Requests;
    }

    /// <summary>The proxy closed before the end of the stream.</summary>
    public bool WasCut { get; private set; }

    public IReadOnlyList<string> Replies => _client.Replies;

    /// <param name="plan">To run.</param>
    /// <param name="server">Behind the proxy.</param>
    /// <param name="proxy">Under test.</param>
    /// <param name="reference">Of the same plan.</param>
    /// <param name="hangMs">What takes longer hangs.</param>
    /// <returns>What is wrong; empty: nothing.</returns>
    public static async Task<(string Problem, ProxiedRun Run)> RunAsync(
        FuzzPlan plan, FuzzServer server, FuzzProxy proxy, ReferenceRun reference, int hangMs)
    {
        using var run = new ProxiedRun(plan, server, proxy, reference, hangMs);
        return (await run.RunAsync(), run);
    }

    public void Dispose() => _client.Dispose();

    private async Task<string> RunAsync()
    {
        Task receiving = await _client.ConnectAsync(_proxy.Port);
        foreach (FuzzStep step in _plan.Steps)
        {
            if (_client.IsEnded || !await TakeStepAsync(step))
            {
                break;
            }
        }

        if (_plan.Theme == FuzzTheme.Gone)
        {
            return await JudgeGoneAsync(receiving);
        }

        await FlushAsync();
        await HealAsync();
        Reading reading = await WaitAsync(_hangMs, static reading => reading.IsComplete);
        if (reading is { Problem.Length: > 0, IsStateRefused: true } && await Task.WhenAny(receiving, Delay(_hangMs)) == receiving)
        {
            // What it means is only clear at its end.
            reading = Read();
        }

        WasCut = _client.IsEnded;
        string problem = reading.Problem;
        if (problem.Length == 0 && !reading.IsComplete && !_client.IsEnded)
        {
            problem = "it hangs: the client waits for a reply, or for its end, and has its connection";
        }

        return await FinishAsync(problem, receiving);
    }

    private async Task<string> FinishAsync(string problem, Task receiving)
    {
        _client.EndInput();
        if (problem.Length == 0 && await Task.WhenAny(receiving, Delay(_hangMs)) != receiving)
        {
            problem = "it leaks: the client has closed, and the session does not end";
        }

        _client.Close();
        await receiving;
        problem = problem.Length > 0 || await IsIdleAsync(_hangMs) ? problem : "it leaks: the client is gone, and its session is there";
        List<string> faults = await _proxy.TakeFaultsAsync();
        (List<string> written, List<string> published) = _server.Take();
        Reading reading = Read();
        return faults.Count > 0 ? string.Join("; ", faults)
            : problem.Length > 0 ? problem
            : reading.Problem.Length > 0 ? reading.Problem
            : _client.Frames.Broken.Length > 0 ? _client.Frames.Broken
            : WrongMessage() is { } message ? $"a message that nobody published: {Frames.Show(message)}"
            : DataJudge.JudgeElements(Replies, written) is { Length: > 0 } twice ? twice
            : DataJudge.Judge(Said(), _reference, reading, written, published);
    }

    private async Task<bool> IsIdleAsync(int ms)
    {
        for (long began = Environment.TickCount64; Environment.TickCount64 - began < ms;)
        {
            if (await _proxy.IsIdleAsync())
            {
                return true;
            }

            await Delay(1);
        }

        return false;
    }

    /// <summary>The client goes away while its requests wait: none of them may be executed any more.</summary>
    private async Task<string> JudgeGoneAsync(Task receiving)
    {
        await FlushAsync();
        await Delay(3);
        _client.EndInput();
        await Task.WhenAny(receiving, Delay(20));
        _client.Close();
        await receiving;

        // A busy machine may not have told the proxy yet.
        await IsIdleAsync(GoneMs);
        await HealAsync();
        await Delay(15);
        bool isIdle = await IsIdleAsync(_hangMs);
        List<string> faults = await _proxy.TakeFaultsAsync();
        (List<string> written, _) = _server.Take();
        return faults.Count > 0 ? string.Join("; ", faults)
            : !isIdle ? "it leaks: the client is gone, and its session is there"
            : written.Count > 0 ? $"'{written[0]}' was written after its client had gone, and was held until then"
            : "";
    }

    private async Task<bool> TakeStepAsync(FuzzStep step)
    {
        if (step.Request is { } request)
        {
            _said++;
            _unsent.AddRange(request.Bytes.Take(step.SplitAt > 0 ? step.SplitAt : request.Bytes.Length));
            if (step.SplitAt > 0)
            {
                await FlushAsync();
                await HappenAsync(step.Fault ?? new FuzzFault(FuzzEvent.Pause, 1));
                _unsent.AddRange(request.Bytes.Skip(step.SplitAt));
            }

            if (step.Flushes)
            {
                await FlushAsync();
            }

            return true;
        }

        await FlushAsync();
        return await HappenAsync(step.Fault!.Value);
    }

    /// <returns>False: the client stops, because it has read that the state that it asked for is not there.</returns>
    private async Task<bool> HappenAsync(FuzzFault fault)
    {
        switch (fault.Event)
        {
            case FuzzEvent.Pause:
                await Delay(fault.Number);
                return true;
            case FuzzEvent.Drain:
                Reading reading = await WaitAsync(DrainMs, static reading => reading.IsComplete);
                return !reading.IsStateRefused;
            case FuzzEvent.Push:
                // Not to a replica; then nobody gets it.
                _server.Control.Ask("RPUSH", "q1", $"elem{_pushed++}");
                return true;
            case FuzzEvent.HoldReplies:
                _proxy.Door.HoldReplies();
                return true;
            case FuzzEvent.ReleaseReplies:
                _proxy.Door.ReleaseReplies();
                return true;
            case FuzzEvent.Reset or FuzzEvent.Close:
                _proxy.Door.EndAll(fault.Event == FuzzEvent.Reset);
                return true;
            case FuzzEvent.CutReplies or FuzzEvent.CutRequests:
                _proxy.Door.Cut(fault.Number, fault.Event == FuzzEvent.CutReplies);
                return true;
            case FuzzEvent.Demote or FuzzEvent.DemoteStale:
                _server.Demote(fault.Event == FuzzEvent.DemoteStale);
                return true;
            case FuzzEvent.EndWaits:
                await _proxy.EndWaitsAsync();
                return true;
            case FuzzEvent.Freeze:
                await _proxy.FreezeAsync();
                return true;
            case FuzzEvent.Thaw:
                await _proxy.ThawAsync(isInTurn: fault.Number > 0);
                return true;
            case FuzzEvent.LoseReplicas:
                _server.LoseReplicas();
                return true;
            default:
                await ShowAsync(fault.Event);
                return true;
        }
    }

    private async Task ShowAsync(FuzzEvent what)
    {
        if (what == FuzzEvent.Promote)
        {
            _server.Promote();
        }

        bool isSwitch = what is FuzzEvent.Switch or FuzzEvent.Promote;
        Door old = _proxy.Door;
        await _proxy.ShowAsync(
            what switch
            {
                FuzzEvent.PlannedHold or FuzzEvent.Doubt => Availability.PlannedHold,
                FuzzEvent.Down => Availability.Down,
                FuzzEvent.ReadsOnly => Availability.ReadsOnly,
                _ => Availability.Available,
            },
            isPromoting: what == FuzzEvent.Doubt,
            isSwitch);
        if (isSwitch)
        {
            old.ReleaseReplies();
            _proxy.Door.ChopBytes = _plan.ChopBytes;
        }
    }

    private async Task HealAsync()
    {
        _proxy.Door.ReleaseReplies();
        await _proxy.ThawAsync(isInTurn: false);
        await ShowAsync(_server.IsDemoted ? FuzzEvent.Promote : FuzzEvent.Open);
    }

    /// <param name="ms">So long without a reply.</param>
    /// <param name="isEnough">Ends it sooner.</param>
    private async Task<Reading> WaitAsync(int ms, Func<Reading, bool> isEnough)
    {
        (long began, int replies) = (Environment.TickCount64, 0);
        Reading reading = Read();
        while (!isEnough(reading) && reading.Problem.Length == 0 && !_client.IsEnded && Environment.TickCount64 - began < ms)
        {
            await _client.News.WaitAsync(TimeSpan.FromMilliseconds(5));
            reading = Read();
            int now = Replies.Count;
            began = now > replies ? Environment.TickCount64 : began;
            replies = now;
        }

        return reading;
    }

    private IReadOnlyList<FuzzRequest> Said() => [.. _requests.Take(_said)];

    private Reading Read() => new Judge(_plan, Said(), _reference).Read(Replies, _client.IsEnded);

    // What others publish says so.
    private string? WrongMessage() => _client.Frames.Unasked.FirstOrDefault(static message =>
        message.Contains("message\r\n", StringComparison.Ordinal) && !message.EndsWith(FuzzStorm.Tail, StringComparison.Ordinal)
            && !message.Contains("own", StringComparison.Ordinal));

    private async Task FlushAsync()
    {
        await _client.SendAsync(_unsent.ToArray(), _hangMs);
        _unsent.Clear();
    }

    private static Task Delay(int ms) => Task.Delay(TimeSpan.FromMilliseconds(ms), TimeProvider.System);
}
