using RedisProxy.EventLoops;
using RedisProxy.Sessions;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Simulation;

/// <summary>
/// One of the processes that serve the address: a listener and its gate, which hears of masters in its own time and counts generations
/// for itself. What passes a session on to the other process is the product's, the way between them is simulated.
/// </summary>
/// <param name="world">Where.</param>
/// <param name="gate">Of the listener.</param>
/// <param name="listener">On the loop that both processes have.</param>
/// <param name="firstGeneration">Added to those of the control plane.</param>
internal sealed class SimulatedProcess(World world, Gate gate, SessionListener listener, long firstGeneration)
{
    private long _lastShownUs;

    public Gate Gate => gate;

    public SessionCounters Counters => listener.Counters;

    public void Accept(Wire wire) => gate.Loop.Post(_ => listener.Accept(wire.Fd), null);

    public void Show(TopologyView view)
    {
        _lastShownUs = Math.Max(_lastShownUs, world.NowUs + world.Between(5, 1_000));
        world.At(_lastShownUs, () => gate.Loop.Post(_ => gate.Apply(view with { Generation = view.Generation + firstGeneration }), null));
    }

    /// <summary>Its sessions go to the other process, until none is left or time is up.</summary>
    public async Task GiveAllAsync(SimulatedProcess other)
    {
        for (int rounds = (int)world.Between(3, 60); rounds > 0; rounds--)
        {
            await GiveSomeAsync(other);
            await world.PauseUs(300, 20_000);
        }

        gate.Loop.Post(_ => listener.Moves.Forget(), null);
    }

    private async Task GiveSomeAsync(SimulatedProcess other)
    {
        IReadOnlyList<PassedMessage>? taken = null;
        gate.Loop.Post(_ => taken = listener.Moves.Take((int)world.Between(1, 3)), null);
        int answered = 0;
        while (taken is null || answered < taken.Count)
        {
            await world.PauseUs(20, world.Chance(95) ? 1_000 : 60_000);
            if (taken is not null && answered < taken.Count)
            {
                PassedMessage message = taken[answered++];
                gate.Loop.Post(_ => Pass(message, other), null);
            }
        }
    }

    private void Pass(PassedMessage message, SimulatedProcess other)
    {
        Adoption answer = other.Adopt(message);
        world.Note("is passed on", (long)answer, message.Bytes.Length);
        if (answer != Adoption.Adopted)
        {
            world.After(world.Between(20, 3_000), () => gate.Loop.Post(_ => listener.Arrivals.TakeBack(message, isRefused: false), null));
        }
    }

    private Adoption Adopt(PassedMessage message)
    {
        Adoption answer = listener.Arrivals.Adopt(message, out string problem);
        if (answer == Adoption.Refused)
        {
            world.Violate($"a session was refused, because {problem}");
        }

        return answer;
    }
}
