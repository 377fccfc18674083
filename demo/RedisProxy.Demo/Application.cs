using StackExchange.Redis;

namespace RedisProxy.Demo;

/// <summary>
/// The application's side of the connection: one multiplexer, as StackExchange.Redis wants it, made from a plain connection string.
/// Counts how often its connection was lost and found again. Knows nothing of Sentinel.
/// </summary>
internal sealed class Application : IDisposable
{
    private readonly ConnectionMultiplexer _multiplexer;
    private int _connectionsLost;
    private int _connectionsRestored;

    private Application(string connectionString, ConnectionMultiplexer multiplexer)
    {
        ConnectionString = connectionString;
        _multiplexer = multiplexer;
        _multiplexer.ConnectionFailed += (_, _) => Interlocked.Increment(ref _connectionsLost);
        _multiplexer.ConnectionRestored += (_, _) => Interlocked.Increment(ref _connectionsRestored);
    }

    public string ConnectionString { get; }

    public IDatabase Database => _multiplexer.GetDatabase();

    public int ConnectionsLost => Volatile.Read(ref _connectionsLost);

    public int ConnectionsRestored => Volatile.Read(ref _connectionsRestored);

    public static async Task<Application> ConnectAsync(string endpoint)
    {
        // abortConnect=false   go on trying instead of giving up for good
        // $SUBSCRIBE=          this client opens a second connection for publish/subscribe, unless that command is mapped to
        //                      nothing. The demo does not subscribe. The proxy closes subscribers at a failover on purpose (they missed
        //                      messages and should know), and that would be counted here as a lost connection of the application.
        // asyncTimeout         longer than the proxy lets a request wait (hold.timeout), so that the proxy's answer is what is counted.
        //                      The default of 5 s is longer, too; without a proxy, 10 s show better what the application waits for
        // configCheckSeconds, keepAlive
        //                      so long that the client's own housekeeping does not happen within a round
        string connectionString =
            $"{endpoint},abortConnect=false,connectTimeout=5000,asyncTimeout=10000,keepAlive=300,configCheckSeconds=300,$SUBSCRIBE=";
        return new Application(connectionString, await ConnectionMultiplexer.ConnectAsync(connectionString));
    }

    public void Dispose() => _multiplexer.Dispose();
}
