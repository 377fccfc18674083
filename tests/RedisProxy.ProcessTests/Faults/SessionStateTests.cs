using System.Collections.Concurrent;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>Every state that a session may be in × every way to lose its master. Each fault happens once, to all states together.</summary>
public sealed class SessionStateTests(SessionStateTests.Scenarios scenarios) : IClassFixture<SessionStateTests.Scenarios>
{
    public static TheoryData<MasterFault, string> Cases
    {
        get
        {
            var cases = new TheoryData<MasterFault, string>();
            foreach (MasterFault fault in Enum.GetValues<MasterFault>())
            {
                foreach (SessionState state in SessionStates.For(fault))
                {
                    cases.Add(fault, state.Name);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Master_LostInThisState_IsAsPromised(MasterFault fault, string state)
    {
        IReadOnlyDictionary<string, string?> failures = await scenarios.Of(fault);
        Assert.True(failures[state] is null, failures[state]);
    }

    /// <summary>Each is run when it is first asked for.</summary>
    public sealed class Scenarios
    {
        private readonly ConcurrentDictionary<MasterFault, Task<IReadOnlyDictionary<string, string?>>> _runs = [];

        internal Task<IReadOnlyDictionary<string, string?>> Of(MasterFault fault) => _runs.GetOrAdd(fault, StateScenario.RunAsync);
    }
}
