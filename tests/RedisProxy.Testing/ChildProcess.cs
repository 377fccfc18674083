using System.Diagnostics;

namespace RedisProxy.Testing;

/// <summary>
/// A process that this one started and will not leave behind: killed when disposed, when this process ends normally or by a signal, and
/// (if util-linux's <c>setpriv</c> is installed) by the kernel when this process is killed. Signals go to its id only, never to a name.
/// Its output goes to a file; the last lines are kept for failure messages.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private const int TailLines = 200;

    private readonly Process _process;
    private readonly ExitActions.Registration _registration;
    private readonly Queue<string> _tail = new();
    private readonly StreamWriter _log;
    private readonly Lock _logGate = new();
    private readonly Action<string>? _onOutput;
    private readonly Task<int> _exited;

    private ChildProcess(string name, Process process, string logFile, Action<string>? onOutput)
    {
        Name = name;
        _onOutput = onOutput;
        LogFile = logFile;
        Id = process.Id;
        _process = process;
        _log = new StreamWriter(new FileStream(logFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        _registration = ExitActions.Add(Kill);
        process.StandardInput.Close();
        _exited = FollowAsync();
    }

    public string Name { get; }

    public int Id { get; }

    public string LogFile { get; }

    public bool HasExited => _exited.IsCompleted || _process.HasExited;

    /// <summary>The exit code, once it has ended and all its output was read; 128 + n if signal n ended it.</summary>
    public Task<int> Exited => _exited;

    /// <summary>CPU time since its start, user and system, of all its threads.</summary>
    public TimeSpan CpuTime => NativeProcess.CpuTime(Id);

    /// <summary>Its proportional share of memory.</summary>
    public long MemoryBytes => NativeProcess.MemoryBytes(Id);

    /// <summary>The last lines of its output, both streams.</summary>
    public string LogTail
    {
        get
        {
            lock (_logGate)
            {
                return string.Join('\n', _tail);
            }
        }
    }

    /// <param name="name">For messages.</param>
    /// <param name="program">A path, or a name to be looked up in PATH.</param>
    /// <param name="arguments">Passed unchanged, without a shell.</param>
    /// <param name="logFile">Appended to.</param>
    /// <param name="environment">Added to this process's own; a null value removes a variable.</param>
    /// <param name="onOutput">Called for each line of its standard output, in order, on a pool thread; must be quick and not throw.</param>
    public static async Task<ChildProcess> StartAsync(
        string name,
        string program,
        IEnumerable<string> arguments,
        string logFile,
        IReadOnlyDictionary<string, string?>? environment = null,
        Action<string>? onOutput = null)
    {
        ProcessStartInfo description = ChildStarter.Describe(program, arguments);

        // A .NET process that is killed leaves the pipes of its diagnostics in the temporary folder.
        description.Environment["DOTNET_EnableDiagnostics"] = "0";
        foreach ((string variable, string? value) in environment ?? new Dictionary<string, string?>())
        {
            description.Environment[variable] = value;
            if (value is null)
            {
                description.Environment.Remove(variable);
            }
        }

        var process = new Process { StartInfo = description };
        await ChildStarter.StartAsync(process);
        return new ChildProcess(name, process, logFile, onOutput);
    }

    /// <summary>SIGTERM was sent to it.</summary>
    public bool IsTerminating { get; private set; }

    /// <summary>SIGTERM.</summary>
    public void Terminate()
    {
        IsTerminating = true;
        Signal(NativeProcess.SigTerm);
    }

    /// <summary>SIGHUP.</summary>
    public void HangUp() => Signal(NativeProcess.SigHup);

    /// <summary>SIGKILL. Also ends a frozen process.</summary>
    public void Kill() => Signal(NativeProcess.SigKill);

    /// <summary>SIGSTOP: it keeps its sockets but does not reply.</summary>
    public void Freeze() => Signal(NativeProcess.SigStop);

    /// <summary>SIGCONT.</summary>
    public void Thaw() => Signal(NativeProcess.SigCont);

    /// <exception cref="TimeoutException">It is still running; the message has its last lines.</exception>
    public async Task<int> WaitForExitAsync(TimeSpan within)
    {
        try
        {
            return await _exited.WaitAsync(within, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{Name} (pid {Id}) still runs after {within.TotalSeconds:0.##} s. Its last lines:\n{LogTail}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await _exited;
        _registration.Dispose();
        _process.Dispose();
    }

    public override string ToString() => $"{Name} (pid {Id})";

    private void Signal(int signal)
    {
        // After the wait, its id may belong to another process.
        if (!HasExited)
        {
            NativeProcess.Signal(Id, signal);
        }
    }

    private async Task<int> FollowAsync()
    {
        await Task.WhenAll(
            CopyAsync(_process.StandardOutput, _onOutput), CopyAsync(_process.StandardError, null), _process.WaitForExitAsync());
        await _log.DisposeAsync();
        return _process.ExitCode;
    }

    private async Task CopyAsync(StreamReader output, Action<string>? onLine)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            Keep(line);
            try
            {
                onLine?.Invoke(line);
            }
#pragma warning disable CA1031 // Any exception: a process whose output is not read blocks, and the reason would be hidden.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                Keep($"The harness could not take this line: {failure}");
            }
        }
    }

    private void Keep(string line)
    {
        lock (_logGate)
        {
            _log.WriteLine(line);
            _tail.Enqueue(line);
            if (_tail.Count > TailLines)
            {
                _tail.Dequeue();
            }
        }
    }
}
