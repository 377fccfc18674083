using System.Runtime.CompilerServices;

namespace RedisProxy.Tests.Simulation;

/// <summary>
/// Virtual time, chance and the order of events of one simulated run. Everything that happens is an event of this queue; one thread, no
/// real clock and one seed, so a run is repeated exactly by its seed. What happened goes into a hash, and into words when recording.
/// </summary>
internal sealed class World(int seed, bool isRecording = false)
{
    private const ulong HashPrime = 1_099_511_628_211;
    private const int MaxRecordedLines = 20_000;

    private readonly PriorityQueue<Action, (long DueUs, long Order)> _events = new();
    private readonly Queue<string> _record = new();
    private long _order;

    public int Seed => seed;

    public Random Random { get; } = new(seed);

    public VirtualTime Time => field ??= new VirtualTime(this);

    /// <summary>Since the beginning, in microseconds.</summary>
    public long NowUs { get; private set; }

    public long NowMs => NowUs / 1000;

    public bool IsRecording => isRecording;

    /// <summary>Of everything noted so far.</summary>
    public ulong Hash { get; private set; } = 14_695_981_039_346_656_037;

    public long Events { get; private set; }

    /// <summary>What broke a rule; the first ends the run.</summary>
    public string? Violation { get; private set; }

    public void After(long delayUs, Action action) => At(NowUs + delayUs, action);

    public void At(long dueUs, Action action) => _events.Enqueue(action, (Math.Max(dueUs, NowUs), _order++));

    /// <summary>The next event, if there is one until then; else time passes until then.</summary>
    public bool TryStep(long untilUs)
    {
        if (_events.Count == 0 && untilUs == long.MaxValue)
        {
            Violate("nothing will ever happen again");
        }

        if (_events.TryPeek(out _, out (long DueUs, long) next) && next.DueUs <= untilUs)
        {
            NowUs = next.DueUs;
            Events++;
            _events.Dequeue()();
            return true;
        }

        NowUs = untilUs == long.MaxValue ? NowUs : Math.Max(NowUs, untilUs);
        return false;
    }

    /// <summary>To be awaited: the rest happens so much later. Scripts of the world are async methods that only ever await this.</summary>
    public Pause PauseUs(long min, long max) => new(this, Between(min, max));

    public Pause PauseMs(long min, long max) => PauseUs(min * 1000, max * 1000);

    public long Between(long min, long max) => Random.NextInt64(min, max + 1);

    public bool Chance(int percent) => Random.Next(100) < percent;

    public T Pick<T>(IReadOnlyList<T> items) => items[Random.Next(items.Count)];

    /// <param name="what">A constant; the numbers tell the rest.</param>
    public void Note(string what, long a = 0, long b = 0)
    {
        Mix(NowUs);
        Mix(what.Length + ((long)what[^1] << 8));
        Mix(a);
        Mix(b);
        if (isRecording)
        {
            Tell($"{what} {a} {b}");
        }
    }

    /// <summary>Only words: of what follows from what was noted.</summary>
    public void Tell(FormattableString what)
    {
        if (isRecording)
        {
            _record.Enqueue(FormattableString.Invariant($"{NowUs / 1000.0,10:F3} ms  {FormattableString.Invariant(what)}"));
            if (_record.Count > MaxRecordedLines)
            {
                _record.Dequeue();
            }
        }
    }

    public void Violate(string what)
    {
        if (Violation is null)
        {
            Violation = FormattableString.Invariant($"{what} (at {NowUs / 1000.0:F3} ms)");
            Tell($"VIOLATION: {what}");
        }
    }

    /// <summary>What was recorded, the last lines of it.</summary>
    public string Story() => string.Join('\n', _record);

    private void Mix(long value) => Hash = (Hash ^ (ulong)value) * HashPrime;
}

/// <summary>The world's clock for the code under test.</summary>
internal sealed class VirtualTime(World world) : TimeProvider
{
    private static readonly DateTimeOffset Origin = new(2024, 2, 29, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => 1_000_000;

    public override DateTimeOffset GetUtcNow() => Origin + TimeSpan.FromMicroseconds(world.NowUs);

    public override long GetTimestamp() => 1_000_003 + world.NowUs;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        throw new NotSupportedException("nothing on a loop waits for a timer of the framework");
}

/// <summary>See <see cref="World.PauseUs"/>. Its continuation is an event like any other, on the one thread.</summary>
internal readonly struct Pause(World world, long us) : INotifyCompletion
{
    public bool IsCompleted => false;

    public Pause GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => world.After(us, continuation);
}
