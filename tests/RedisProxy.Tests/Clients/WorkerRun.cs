using System.Globalization;

using RedisProxy.Testing;

namespace RedisProxy.Tests.Clients;

/// <summary>One worker at work, and the programs that give it jobs. Jobs are numbers; done ones are in the worker's journal.</summary>
internal sealed class WorkerRun : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly ClientWorkshop _workshop;
    private readonly string[] _driver;
    private readonly int _port;
    private readonly string _journal;

    private WorkerRun(ClientWorkshop workshop, string[] driver, int port)
    {
        _workshop = workshop;
        _driver = driver;
        _port = port;
        _journal = workshop.LogFile("journal");
    }

    public ChildProcess Worker { get; private set; } = null!;

    /// <summary>In the order in which they were done, twice if they were.</summary>
    public IReadOnlyList<int> Done => File.Exists(_journal)
        ? [.. File.ReadAllLines(_journal).Select(line => int.Parse(line, CultureInfo.InvariantCulture))]
        : [];

    public static async Task<WorkerRun> StartAsync(WorkerProgram library, ClientWorkshop workshop, int port)
    {
        var run = new WorkerRun(workshop, await library.PrepareAsync(workshop), port);
        run.Worker = await run.StartAsync("worker", library.Role, $"{port}", run._journal);
        return run;
    }

    /// <summary>Jobs from this number up to that one, one every 50 ms. The program that does so sees no error.</summary>
    public async Task GiveAsync(int from, int to)
    {
        await using ChildProcess program = await StartAsync("enqueue", "enqueue", $"{_port}", $"{from}", $"{to}");
        int code = await program.WaitForExitAsync(Patience);
        Assert.True(code == 0, program.LogTail);
    }

    /// <summary>All of them, and no job at all twice, by a worker that is still there.</summary>
    public async Task AreDoneOnceAsync(int from, int to)
    {
        await Eventually.Within(
            Patience,
            () => Worker.HasExited || Enumerable.Range(from, to - from).All(Done.Contains),
            $"jobs {from} to {to} are done");
        Assert.False(Worker.HasExited, $"the worker has ended: {Worker.LogTail}");
        Assert.Equal(Done.Distinct().Count(), Done.Count);
    }

    public ValueTask DisposeAsync() => Worker.DisposeAsync();

    private Task<ChildProcess> StartAsync(string name, params string[] arguments) =>
        ChildProcess.StartAsync(name, _driver[0], [.. _driver[1..], .. arguments], _workshop.LogFile(name));
}
