using System.Net;
using System.Text;

using RedisProxy.Configuration;
using RedisProxy.SentinelFacade;
using RedisProxy.Tests.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.SentinelFacade;

/// <summary>A facade without sockets: options, masters as told, a clock, and one client's dialogue.</summary>
internal sealed class FacadeScene
{
    public const string Bind = "'bind': '127.0.0.1:5000'";

    private readonly ReplyWriter _reply = new();

    /// <param name="facade">The keys of <c>sentinelFacade</c>.</param>
    /// <param name="others">Other sections, and listeners; null: one listener on all addresses.</param>
    public FacadeScene(string facade = Bind, string? others = null)
    {
        Running = new RunningOptions(Configured.Good(Configured.Read(
            $"{{ {others ?? Listener("0.0.0.0:6380")}, {Configured.Sentinel}, 'sentinelFacade': {{ {facade} }} }}")));
        Sources = [.. TopologyService.MastersOf(Running.Current).Select(name => new ToldSource(name))];
        Directory = new FacadeDirectory(Running, () => Sources, Time);
        Context = new FacadeContext(Directory, new FacadeAccess(Running), Counters, Time, "1.2.3")
        {
            Commands = FacadeCommands.All,
            Port = 26379,
            MaxConnections = 1000,
        };
        Dialogue = new FacadeDialogue(Context, _reply, 7, Endpoint("10.0.0.9:5000"), Endpoint("10.0.0.1:26379"));
    }

    public FakeTimeProvider Time { get; } = new();

    public RunningOptions Running { get; }

    public List<ToldSource> Sources { get; }

    public FacadeCounters Counters { get; } = new();

    public FacadeDirectory Directory { get; }

    public FacadeContext Context { get; }

    public FacadeDialogue Dialogue { get; }

    public static string Listener(string bind, string master = "mymaster") =>
        $"'listeners': [ {{ 'bind': '{bind}', 'master': '{master}' }} ]";

    /// <summary>One request on one line.</summary>
    public string Ask(string request) => Ask(request.Split(' '));

    /// <returns>The reply, with a bar for each end of a line.</returns>
    public string Ask(params string[] words)
    {
        Dialogue.Answer([.. words.Select(Encoding.Latin1.GetBytes)]);
        return Written();
    }

    /// <summary>A master has taken another one's place.</summary>
    /// <returns>What the client gets.</returns>
    public string Switch(string master = "mymaster")
    {
        Dialogue.TryPublishSwitch(master);
        return Written();
    }

    private string Written() => Encoding.Latin1.GetString(_reply.Take()).Replace("\r\n", "|", StringComparison.Ordinal);

    private static IPEndPoint Endpoint(string text) => IPEndPoint.Parse(text);
}

/// <summary>Says of a master what it was told. The first view has a master, two Sentinels of three, and quorum 2.</summary>
internal sealed class ToldSource : ITopologySource
{
    private readonly List<ITopologyObserver> _observers = [];

    public ToldSource(string master)
    {
        var server = new HostEndpoint("10.9.9.9", 6379);
        Current = new TopologyView
        {
            MasterName = master,
            Generation = 1,
            Epoch = 5,
            Availability = Availability.Available,
            Master = new MasterNode(server, IPEndPoint.Parse("10.9.9.9:6379")),
            Replicas = [new HostEndpoint("10.9.9.8", 6379)],
            Sentinels = [Opinion(1, isConnected: true), Opinion(2, isConnected: true), Opinion(3, isConnected: false)],
        };

        SentinelOpinion Opinion(int number, bool isConnected) =>
            new(new HostEndpoint($"10.8.0.{number}", 26379), isConnected, server, 5, "master", "") { Quorum = 2 };
    }

    public TopologyView Current { get; private set; }

    public FailoverHistory Failovers => throw new NotSupportedException();

    public TimeSpan? ProbeRoundTrip => null;

    public long Suspect(SuspicionReason reason) => throw new NotSupportedException();

    public void Subscribe(ITopologyObserver observer)
    {
        _observers.Add(observer);
        observer.OnTopology(Current);
    }

    public void Tell(Func<TopologyView, TopologyView> change)
    {
        Current = change(Current);
        _observers.ForEach(observer => observer.OnTopology(Current));
    }

    /// <summary>Another master, which takes requests.</summary>
    public void Switch() => Tell(view => view with { Generation = view.Generation + 1, Availability = Availability.Available });

    public void NoSentinel() => Tell(view => view with { Sentinels = [] });
}
