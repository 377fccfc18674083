using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>
/// One fault met by one session in each state of <see cref="SessionStates"/>: all are brought into their states, have their requests in
/// flight, lose the master, and are then looked at.
/// </summary>
internal static class StateScenario
{
    /// <returns>What was wrong with each state's session; null when it was as promised.</returns>
    public static async Task<IReadOnlyDictionary<string, string?>> RunAsync(MasterFault fault)
    {
        await using FaultLab lab = await FaultLab.StartAsync(configure: options => options.With("hold.timeout", "20s"));
        IReadOnlyList<SessionState> states = SessionStates.For(fault);
        var sessions = new Dictionary<SessionState, RawClient>();
        var failures = new Dictionary<string, string?>();
        try
        {
            foreach (SessionState state in states)
            {
                sessions[state] = await lab.ConnectAsync();
                await state.PrepareAsync(sessions[state], lab);
            }

            await BreakAsync(fault, lab, () => Task.WhenAll(states.Select(state => state.BeginAsync(sessions[state], lab))));
            await HoldAsync(fault, lab, sessions);
            RedisServer master = fault == MasterFault.Cut ? lab.FirstMaster : await WaitForSuccessorAsync(lab);
            lab.Relayed.Heal();
            foreach (SessionState state in states)
            {
                failures[state.Name] = await LookAtAsync(state, sessions[state], lab, master);
            }

            await lab.AssertSaneAsync();
        }
        finally
        {
            foreach (RawClient client in sessions.Values)
            {
                client.Dispose();
            }
        }

        return failures;
    }

    /// <param name="fault">What happens.</param>
    /// <param name="lab">To whom.</param>
    /// <param name="begin">Sends what has to be in flight.</param>
    private static async Task BreakAsync(MasterFault fault, FaultLab lab, Func<Task> begin)
    {
        FaultRelay edge = lab.Relayed.Of(lab.FirstMaster);
        if (fault == MasterFault.Frozen)
        {
            lab.FirstMaster.Freeze();
            await begin();
            return;
        }

        edge.Apply(RelayConditions.Dead, RelayDirections.ToClient);
        await begin();
        await Eventually.Within(
            FaultLab.Patience,
            async () => (await lab.FirstMaster.CallAsync("GET", SessionStates.Marker)).Text == $"{SessionStates.MarkersFor(fault)}",
            "what is in flight was executed");
        switch (fault)
        {
            case MasterFault.Killed:
                await lab.FirstMaster.KillAsync();
                // The replies under way die with it.
                edge.Reset();
                edge.Heal();
                return;
            case MasterFault.Cut:
                edge.Reset();
                edge.Heal();
                await lab.WaitForServiceAsync();
                return;
            default:
                // Healed when it is over.
                await lab.Deployment.FailoverAsync();
                return;
        }
    }

    private static async Task HoldAsync(MasterFault fault, FaultLab lab, Dictionary<SessionState, RawClient> sessions)
    {
        if (fault is MasterFault.Killed or MasterFault.Frozen)
        {
            await lab.WaitForMetricAsync("redisproxy_master_up", 0);
            await Task.WhenAll(sessions.Select(pair => pair.Key.HoldAsync?.Invoke(pair.Value) ?? Task.CompletedTask));
        }
    }

    private static async Task<RedisServer> WaitForSuccessorAsync(FaultLab lab)
    {
        RedisServer master = await lab.Deployment.WaitForMasterAsync(lab.FirstMaster, FaultLab.Patience);
        await lab.WaitForAddressAsync(master);
        return master;
    }

    private static async Task<string?> LookAtAsync(SessionState state, RawClient client, FaultLab lab, RedisServer master)
    {
        try
        {
            await state.CheckAsync(client, lab, master);
            return null;
        }
#pragma warning disable CA1031 // Whatever it is, the other states are looked at, too, and the state's own test shows it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return $"{e.GetType().Name}: {e.Message}";
        }
    }
}
