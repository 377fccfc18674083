using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RedisProxy.Tests.Topology;

/// <summary>
/// A server in this process that speaks RESP and answers as it is told: the part that scripted Sentinels and masters share. It can
/// fall silent, stop listening and come back at its port, and end its connections.
/// </summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly Func<ScriptedClient, string[], string?> _answer;
    private readonly Lock _gate = new();
    private readonly List<ScriptedClient> _clients = [];
    private Socket? _listener;
    private TaskCompletionSource _awake = NewSleep();
    private int _accepted;

    /// <param name="answer">From a request to the bytes of the reply; null: none. Any thread.</param>
    /// <param name="host">An address of this host.</param>
    public ScriptedServer(Func<ScriptedClient, string[], string?> answer, string host = "127.0.0.1")
    {
        _answer = answer;
        Address = new IPEndPoint(IPAddress.Parse(host), 0);
        IsSilent = false;
        Listen();
    }

    public IPEndPoint Address { get; private set; }

    /// <summary>It does not answer, like a frozen process; what it was asked it answers when it is thawed.</summary>
    public bool IsSilent
    {
        get => !Volatile.Read(ref _awake).Task.IsCompleted;
        set
        {
            if (!value)
            {
                Volatile.Read(ref _awake).TrySetResult();
            }
            else if (!IsSilent)
            {
                Volatile.Write(ref _awake, NewSleep());
            }
        }
    }

    /// <summary>Since the start.</summary>
    public int AcceptedCount => Volatile.Read(ref _accepted);

    public IReadOnlyList<ScriptedClient> Clients
    {
        get
        {
            lock (_gate)
            {
                return [.. _clients];
            }
        }
    }

    public void Listen()
    {
        var listener = new Socket(Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(Address);
        listener.Listen();
        Address = (IPEndPoint)listener.LocalEndPoint!;
        _listener = listener;
        _ = AcceptAsync(listener);
    }

    /// <summary>As if the process had died: nothing listens, and the connections end.</summary>
    public void Stop()
    {
        _listener?.Dispose();
        EndConnections();
    }

    public void EndConnections()
    {
        foreach (ScriptedClient client in Clients)
        {
            client.Dispose();
        }
    }

    public ValueTask DisposeAsync()
    {
        Stop();
        return ValueTask.CompletedTask;
    }

    private static TaskCompletionSource NewSleep() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                Socket socket = await listener.AcceptAsync();
                socket.NoDelay = true; // As redis does; else each second reply waits for a delayed acknowledgement.
                var client = new ScriptedClient(socket);
                Interlocked.Increment(ref _accepted);
                lock (_gate)
                {
                    _clients.Add(client);
                }

                _ = ServeAsync(client);
            }
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(ScriptedClient client)
    {
        try
        {
            while (await client.ReadRequestAsync() is { } request)
            {
                await Volatile.Read(ref _awake).Task;
                if (_answer(client, request) is { } reply)
                {
                    client.Send(reply);
                }
            }
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException or IOException)
        {
        }

        client.Dispose();
        lock (_gate)
        {
            _clients.Remove(client);
        }
    }
}

/// <summary>One connection to a scripted server.</summary>
internal sealed class ScriptedClient(Socket socket) : IDisposable
{
    private readonly StreamReader _reader = new(new NetworkStream(socket, ownsSocket: true), Encoding.Latin1);

    public bool IsResp3 { get; set; }

    public bool IsSubscribed { get; set; }

    public bool IsAuthenticated { get; set; }

    public void Send(string bytes)
    {
        try
        {
            socket.Send(Encoding.Latin1.GetBytes(bytes));
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
        }
    }

    public void Dispose() => _reader.Dispose();

    /// <summary>Only arrays of bulk strings without line ends in them, which is what the control plane sends.</summary>
    public async Task<string[]?> ReadRequestAsync()
    {
        if (await _reader.ReadLineAsync() is not ['*', .. var count])
        {
            return null;
        }

        string[] request = new string[int.Parse(count, System.Globalization.CultureInfo.InvariantCulture)];
        for (int i = 0; i < request.Length; i++)
        {
            await _reader.ReadLineAsync();
            request[i] = await _reader.ReadLineAsync() ?? throw new IOException("it went away in the middle of a request");
        }

        return request;
    }
}
