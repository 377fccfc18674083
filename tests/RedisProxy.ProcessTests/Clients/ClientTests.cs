using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Clients;

/// <summary>Real clients with their default settings keep working, and are told the truth, whatever happens to the master.</summary>
[Collection(HeavyLoad.Tests)]
public sealed class ClientTests(ClientRun run, ITestOutputHelper output) : IClassFixture<ClientRun>
{
    public static TheoryData<string, string> Cells
    {
        get
        {
            var cells = new TheoryData<string, string>();
            foreach (ClientProgram client in ClientProgram.All)
            {
                foreach (ClientMode mode in client.Modes)
                {
                    cells.Add(client.Name, mode.ToString());
                }
            }

            return cells;
        }
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void Client_WhileNothingHappens_WorksAsWithRedisItself(string client, string mode) =>
        AssertContract(run.Cell(client, mode), ClientStage.Steady);

    [Theory]
    [MemberData(nameof(Cells))]
    public void Client_AcrossAPlannedFailover_SeesWhatTheContractSays(string client, string mode) =>
        AssertContract(run.Cell(client, mode), ClientStage.Planned);

    [Theory]
    [MemberData(nameof(Cells))]
    public void Client_AcrossASigkillOfTheMaster_SeesWhatTheContractSays(string client, string mode) =>
        AssertContract(run.Cell(client, mode), ClientStage.Killed);

    [Fact]
    public void Clients_WithWritesInFlightAtTheSigkill_AreToldUnknown()
    {
        string[] writers =
        [
            .. run.Cells.Where(c => c.Writes && c[ClientStage.Killed].Errors.Exists(e => e.Kind == ClientErrorKind.Unknown))
                .Select(c => c.Client.Name).Distinct(),
        ];
        // One that has just been answered, or only reads in that moment, is told nothing.
        Assert.True(writers.Length >= ClientProgram.All.Count / 2, $"UNKNOWN was seen by {string.Join(", ", writers)} only");
    }

    [Fact]
    public async Task Document_SaysWhatTheTestsSaw()
    {
        string document = await File.ReadAllTextAsync(Path.Combine(ProxyProgram.RepositoryRoot(), ClientMatrix.Document));
        Assert.Equal(ClientMatrix.Checked(run.Cells), ClientMatrix.CheckedIn(document));
    }

    private void AssertContract(ClientCell cell, ClientStage stage)
    {
        CellStage record = cell[stage];
        output.WriteLine($"{cell.Version}: {record.Acknowledged.Count} acknowledged");
        output.WriteLine($"longest pause: {record.LongestPause.TotalSeconds:0.00} s");
        output.WriteLine($"connections: {record.Before.Count} before, {record.Kept} of them kept, {record.Opened} opened");
        record.Errors.ForEach(error => output.WriteLine($"error: {error.Text} [{string.Join(' ', error.Of)}]"));
        record.Notes.ForEach(note => output.WriteLine($"note: {note}"));
        IReadOnlyList<string> breaches = ClientContract.Breaches(cell, stage);
        Assert.True(breaches.Count == 0, $"{cell}, {stage}:\n{string.Join('\n', breaches)}");
    }
}
