using System.Globalization;
using System.Text.RegularExpressions;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Clients;

/// <summary>
/// Two workers at work, and the programs that give them jobs. Jobs are numbers; what becomes of them is in the journal, a file. One whose
/// number ends in 00 works until it is released.
/// </summary>
internal sealed partial class WorkerRun : IAsyncDisposable
{
    /// <summary>The distance of jobs that work until they are released.</summary>
    public const int Hundred = 100;

    /// <summary>So many jobs may be at work at the same time, all workers together (Celery's and Sidekiq's take two each).</summary>
    public const int Slots = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly ClientWorkshop _workshop;
    private readonly string _role;
    private readonly string[] _driver;
    private readonly int _port;
    private readonly string _journal;
    private readonly List<ChildProcess> _workers = [];

    private WorkerRun(ClientWorkshop workshop, string role, string[] driver, int port)
    {
        _workshop = workshop;
        _role = role;
        _driver = driver;
        _port = port;
        _journal = workshop.LogFile("journal");
    }

    /// <summary>In the order in which they were begun, twice if they were.</summary>
    public IReadOnlyList<int> Begun => Journal("begin");

    public IReadOnlyList<int> Done => Journal("end");

    /// <summary>How much there is in each worker's log.</summary>
    public IReadOnlyList<int> Logged => [.. _workers.Select(worker => File.ReadAllLines(worker.LogFile).Length)];

    public static async Task<WorkerRun> StartAsync(WorkerProgram library, ClientWorkshop workshop, int port)
    {
        var run = new WorkerRun(workshop, library.Role, await library.PrepareAsync(workshop), port);
        for (int i = 0; i < 2; i++)
        {
            run._workers.Add(await run.StartWorkerAsync(i));
        }

        return run;
    }

    /// <summary>A job that a worker has begun, and does not end before <see cref="Release"/>.</summary>
    public async Task OccupyAsync(int job)
    {
        Assert.Empty((await GiveAsync(job, job + 1)).Unknown);
        await Eventually.Within(Patience, () => Begun.Contains(job), $"job {job} is begun; {Tails}");
    }

    public void Release(int job) => File.WriteAllText($"{_journal}.{job}", "");

    /// <summary>Jobs from this number up to that one, one every 50 ms.</summary>
    public async Task<GivenJobs> GiveAsync(int from, int to)
    {
        var given = new GivenJobs([], []);
        await using ChildProcess program = await ChildProcess.StartAsync(
            "enqueue",
            _driver[0],
            [.. _driver[1..], "enqueue", $"{_port}", $"{from}", $"{to}"],
            _workshop.LogFile("enqueue"),
            onOutput: given.Note);
        int code = await program.WaitForExitAsync(Patience);
        Assert.True(code == 0, program.LogTail);
        Assert.Equal(to - from, given.Acknowledged.Count + given.Unknown.Count);
        return given;
    }

    /// <summary>Of the jobs that were given, those that were not done in time.</summary>
    public async Task<IReadOnlyList<int>> LostAsync(GivenJobs given, TimeSpan within)
    {
        try
        {
            await Eventually.Within(within, () => given.Acknowledged.All(Done.Contains), "all are done");
        }
        catch (TimeoutException)
        {
            // Said by number.
        }

        return [.. given.Acknowledged.Except(Done)];
    }

    /// <summary>What the workers have complained of since their logs were so long.</summary>
    public IReadOnlyList<string> ComplaintsSince(IReadOnlyList<int> logged) =>
    [
        .. _workers.Zip(logged, (worker, lines) => File.ReadAllLines(worker.LogFile).Skip(lines))
            .SelectMany(lines => lines).Where(line => Complaint().IsMatch(line)),
    ];

    public IReadOnlyList<int> Twice => [.. Begun.GroupBy(job => job).Where(jobs => jobs.Count() > 1).Select(jobs => jobs.Key)];

    public string Tails => string.Join('\n', _workers.Select(worker => worker.LogTail));

    /// <summary>As whoever supervises them would.</summary>
    /// <returns>How many had ended.</returns>
    public async Task<int> ReplaceEndedAsync()
    {
        int ended = 0;
        for (int i = 0; i < _workers.Count; i++)
        {
            if (_workers[i].HasExited)
            {
                ended++;
                await _workers[i].DisposeAsync();
                _workers[i] = await StartWorkerAsync(i);
            }
        }

        return ended;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ChildProcess worker in _workers)
        {
            await worker.DisposeAsync();
        }
    }

    [GeneratedRegex(@"\b(ERROR|WARN|CRITICAL)\b|Traceback|^error:|Could not connect")]
    private static partial Regex Complaint();

    private IReadOnlyList<int> Journal(string what) => File.Exists(_journal)
        ? [.. File.ReadAllLines(_journal).Select(line => line.Split(' ')).Where(line => line[0] == what)
            .Select(line => int.Parse(line[1], CultureInfo.InvariantCulture))]
        : [];

    // Its log is gone on with when it is started again.
    private Task<ChildProcess> StartWorkerAsync(int number) => ChildProcess.StartAsync(
        $"worker {number}", _driver[0], [.. _driver[1..], _role, $"{_port}", _journal], _workshop.LogFile($"worker-{number}"));
}
