using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>Every CLIENT TRACKING ON of a connection: each adds prefixes.</summary>
internal sealed class ClientTracking
{
    // More than any real client sends.
    private const int MaxRequests = 32;

    private readonly List<Said> _requests = [];

    public IReadOnlyList<Said> Requests => _requests;

    /// <summary>It cannot be replayed: another connection gets the invalidations, and has another id on another backend.</summary>
    public bool IsRedirected { get; private set; }

    /// <summary>
    /// With BCAST. Keys read by other connections of the client count too, and those may have a new backend before this connection has
    /// enabled tracking on its own.
    /// </summary>
    public bool IsBroadcast { get; private set; }

    public void Add(Said request)
    {
        _requests.Add(request);
        IsRedirected |= _requests.Count > MaxRequests || Has(request, "REDIRECT");
        IsBroadcast |= Has(request, "BCAST");
    }

    /// <summary>Writes it, or reads it.</summary>
    public static ClientTracking? Carry(StateCodec codec, ClientTracking? tracking)
    {
        if (!codec.Bool(tracking is not null))
        {
            return null;
        }

        int count = codec.Count(tracking?.Requests.Count ?? 0);
        var read = new ClientTracking();
        for (int i = 0; i < count; i++)
        {
            Said? said = codec.Said(tracking?.Requests[i]);
            StateCodec.Require(said is not null, "a request for tracking is missing");
            read.Add(said!);
        }

        return tracking ?? read;
    }

    private static bool Has(Said request, string option) => request.Words.Any(word => RequestArguments.Upper(word) == option);
}
