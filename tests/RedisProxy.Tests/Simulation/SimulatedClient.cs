namespace RedisProxy.Tests.Simulation;

/// <summary>What kind of client.</summary>
internal sealed record Habits
{
    /// <summary>Asks so many questions before it waits for answers.</summary>
    public int Depth { get; init; } = 1;

    public int ReadPercent { get; init; } = 30;

    /// <summary>Chosen at the beginning; changed now and then, like the rest, if <see cref="ChangesState"/>.</summary>
    public int Database { get; init; }

    public bool ChangesState { get; init; }

    /// <summary>Now and then it says CLIENT REPLY SKIP, or OFF and ON again.</summary>
    public bool Mutes { get; init; }

    public bool HasName { get; init; }

    public bool HasUser { get; init; }

    public bool SpeaksResp3 { get; init; }

    /// <summary>It fills and empties queues (BLPOP).</summary>
    public bool Works { get; init; }

    /// <summary>It asks now and then whether replicas have what it wrote.</summary>
    public bool Waits { get; init; }

    public bool Publishes { get; init; }

    /// <summary>It subscribes to channels; before RESP3 it does nothing else then.</summary>
    public bool Subscribes { get; init; }

    /// <summary>In RESP3: it keeps what it reads, and wants to be told of changes.</summary>
    public bool Tracks { get; init; }

    /// <summary>RESET and HELLO 2 are for others: what they would end cannot be asked for again.</summary>
    public bool MayReset => ChangesState && !Subscribes && !Tracks;

    public int TransactionPercent { get; init; }

    public bool Watches { get; init; }

    /// <summary>After a wait of more than a second it resets its connection, in so many of a hundred cases.</summary>
    public int ImpatiencePercent { get; init; }

    /// <summary>Of its bursts, so many of a hundred are the last of their connection: FIN follows them.</summary>
    public int HalfClosePercent { get; init; }

    /// <summary>So many of a hundred FIN come in the middle of a request.</summary>
    public int BreakOffPercent { get; init; }

    /// <inheritdoc cref="Wire.StallPercent"/>
    public int StallPercent { get; init; }

    public bool ReadsSlowly { get; init; }

    public static Habits Random(World world) => new()
    {
        Depth = world.Chance(30) ? 1 : (int)world.Between(2, 24),
        ReadPercent = (int)world.Between(0, 60),
        Database = world.Chance(50) ? 0 : (int)world.Between(1, 3),
        ChangesState = world.Chance(40),
        Mutes = world.Chance(20),
        HasName = world.Chance(40),
        HasUser = world.Chance(20),
        SpeaksResp3 = world.Chance(20),
        Works = world.Chance(25),
        Waits = world.Chance(15),
        Publishes = world.Chance(25),
        Subscribes = world.Chance(15),
        Tracks = world.Chance(50),
        TransactionPercent = world.Chance(25) ? 30 : 0,
        Watches = world.Chance(50),
        ImpatiencePercent = world.Chance(20) ? 5 : 0,
        HalfClosePercent = world.Chance(20) ? 3 : 0,
        BreakOffPercent = world.Chance(50) ? 50 : 0,
        StallPercent = world.Chance(40) ? 15 : 0,
        ReadsSlowly = world.Chance(15),
    };
}

/// <summary>
/// A client of the proxy: connects, asks in bursts, and comes again with a new connection when one has ended, until it is told to
/// finish. Busy while something happens in the deployment, else nearly idle.
/// </summary>
internal sealed class SimulatedClient(World world, SimulatedProxy proxy, History history, int number)
{
    private ClientConnection? _connection;
    private int _connections;
    private bool _isFinishing;

    public int Number => number;

    public Habits Habits { get; } = Habits.Random(world);

    public History History => history;

    /// <summary>Answers of all its connections.</summary>
    public long Answered { get; set; }

    public bool IsBusyTime { get; set; } = true;

    public bool IsGone => _connection is null;

    public int OpenQuestions => _connection?.OpenQuestions ?? 0;

    public void Start() => world.After(world.Between(0, 300_000), Connect);

    /// <summary>Asks nothing more.</summary>
    public void Finish() => _isFinishing = true;

    /// <summary>One question of each kind, now that all is well: they must be answered.</summary>
    public void AskOnceMore()
    {
        if (_connection is null)
        {
            Open();
        }

        _connection!.AskForEverything();
    }

    /// <inheritdoc cref="Mailbox.CheckAtLast"/>
    public void CheckAtLast(SimulatedRedis master, long sinceUs) => _connection?.CheckAtLast(master, sinceUs);

    public void Leave() => _connection?.Leave();

    public void OnConnectionOver()
    {
        _connection = null;
        if (!_isFinishing)
        {
            world.After(world.Between(1_000, 200_000), Connect);
        }
    }

    private void Connect()
    {
        if (_connection is null && !_isFinishing)
        {
            Open();
            Act(_connection!);
        }
    }

    private void Open()
    {
        _connection = new ClientConnection(world, this, ++_connections);
        _connection.Begin(proxy.Connect(_connection, world.Chance(30) ? (int)world.Between(40, 400) : 65536));
    }

    private void Act(ClientConnection connection)
    {
        if (_isFinishing || connection != _connection)
        {
            return;
        }

        connection.Act();
        long thinkUs = IsBusyTime ? world.Between(1_000, 300_000) : world.Between(200_000, 1_500_000);
        world.After(thinkUs, () => Act(connection));
    }
}
