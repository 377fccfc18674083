using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>CLIENT TRACKING ON, as often as a connection has said it: each time adds prefixes.</summary>
internal sealed class ClientTracking
{
    // Nobody says it more often.
    private const int MaxRequests = 32;

    private readonly List<Said> _requests = [];

    public IReadOnlyList<Said> Requests => _requests;

    /// <summary>It cannot be said again: another connection gets the invalidations, and has another id on another backend.</summary>
    public bool IsRedirected { get; private set; }

    /// <summary>
    /// With BCAST. Keys that other connections of the client have read count, too, and those may have a new backend before this one has
    /// told its own.
    /// </summary>
    public bool IsBroadcast { get; private set; }

    public void Add(Said request)
    {
        _requests.Add(request);
        IsRedirected |= _requests.Count > MaxRequests || Has(request, "REDIRECT");
        IsBroadcast |= Has(request, "BCAST");
    }

    private static bool Has(Said request, string option) => request.Words.Any(word => RequestArguments.Upper(word) == option);
}
