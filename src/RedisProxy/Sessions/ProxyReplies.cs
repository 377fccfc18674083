using System.Globalization;
using System.Text;

using RedisProxy.Configuration;
using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// The proxy replies. Their codes are chosen by how clients react: none may make a client repeat a request of unknown outcome, so the
/// UNKNOWN text has no word in it that clients take for "try again".
/// </summary>
internal sealed class ProxyReplies
{
    /// <summary>In redis's words.</summary>
    public static readonly byte[] TooManyClients = "-ERR max number of clients reached\r\n"u8.ToArray();

    /// <summary>The push that empties a client's cache (redis.io, client-side caching): all keys, as after FLUSHALL.</summary>
    public static readonly byte[] InvalidateAll = ">2\r\n$10\r\ninvalidate\r\n_\r\n"u8.ToArray();

    private static readonly byte[] UnknownOutcome =
        "-IOERR RedisProxy: the master was lost before it replied, the outcome of the command is unknown\r\n"u8.ToArray();

    private static readonly byte[] Aborted =
        "-EXECABORT RedisProxy: the transaction was not executed, because no master could take the whole of it\r\n"u8.ToArray();

    private static readonly byte[] HelloNotAuthenticated = Encoding.ASCII.GetBytes(
        "-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be "
            + "used to authenticate the client and select the RESP protocol version at the same time\r\n");

    private static readonly byte[] EndsAuthentication =
        "-NOPERM RedisProxy: not on this endpoint, it would end the authentication that the proxy has done\r\n"u8.ToArray();

    private static ReadOnlySpan<byte> AbortedBecauseOf => "-EXECABORT Transaction discarded because of: "u8;

    private static readonly byte[] Ok = "+OK\r\n"u8.ToArray();
    private static readonly byte[] Queued = "+QUEUED\r\n"u8.ToArray();
    private static readonly byte[] NullArray = "*-1\r\n"u8.ToArray();
    private static readonly byte[] Null = "_\r\n"u8.ToArray();

    private readonly byte[] _notExecuted;
    private readonly byte[] _notConfirmed;

    /// <param name="code">For requests that were not executed.</param>
    /// <param name="masterName">For the message.</param>
    /// <param name="durable">For another message.</param>
    public ProxyReplies(NotExecutedCode code, string masterName, DurableOptions durable)
    {
        string word = code switch
        {
            NotExecutedCode.Loading => "LOADING",
            NotExecutedCode.MasterDown => "MASTERDOWN",
            NotExecutedCode.TryAgain => "TRYAGAIN",
            NotExecutedCode.ClusterDown => "CLUSTERDOWN",
            _ => throw new ArgumentOutOfRangeException(nameof(code)),
        };
        _notExecuted = Encoding.UTF8.GetBytes(
            $"-{word} RedisProxy: no master is available for '{masterName}', the command was not executed\r\n");
        string replicas = durable.Replicas == 1 ? "1 replica" : $"{durable.Replicas} replicas";
        _notConfirmed = Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"-IOERR RedisProxy: executed, but not confirmed by {replicas} within {durable.Timeout.TotalMilliseconds} ms\r\n"));
    }

    /// <summary>Not for <see cref="Outcome.Forward"/> and <see cref="Outcome.ProtocolError"/>, which have no fixed text.</summary>
    /// <param name="outcome">Of the request.</param>
    /// <param name="protocol">2 or 3, as chosen by the client.</param>
    public byte[] For(Outcome outcome, int protocol) => outcome switch
    {
        Outcome.Unknown => UnknownOutcome,
        Outcome.NotExecuted => _notExecuted,
        Outcome.NotConfirmed => _notConfirmed,
        Outcome.Acknowledged or Outcome.Named => Ok,
        Outcome.Handoffs => protocol > Identity.DefaultProtocol
            ? Ok
            : "-ERR RedisProxy: notifications are pushes of RESP3, switch to it with HELLO 3 first\r\n"u8.ToArray(),
        Outcome.HandoffsMisspelt => "-ERR syntax error\r\n"u8.ToArray(),
        Outcome.NotAuthenticated => "-NOAUTH Authentication required.\r\n"u8.ToArray(),
        Outcome.HelloNotAuthenticated => HelloNotAuthenticated,
        Outcome.WrongPassword => "-WRONGPASS invalid username-password pair or user is disabled.\r\n"u8.ToArray(),
        Outcome.EndsAuthentication => EndsAuthentication,
        Outcome.Queued => Queued,
        Outcome.Conflict => protocol > Identity.DefaultProtocol ? Null : NullArray,
        Outcome.Aborted => Aborted,
        Outcome.NestedMulti => "-ERR MULTI calls can not be nested\r\n"u8.ToArray(),
        Outcome.WatchInMulti => "-ERR WATCH inside MULTI is not allowed\r\n"u8.ToArray(),
        Outcome.NoReplicas => ":0\r\n"u8.ToArray(),
        Outcome.NoReplicasAof => "*2\r\n:0\r\n:0\r\n"u8.ToArray(),
        Outcome.RejectedReadOnly => "-READONLY You can't write against a read only replica.\r\n"u8.ToArray(),
        Outcome.RejectedLoading => "-LOADING Redis is loading the dataset in memory\r\n"u8.ToArray(),
        Outcome.RejectedMasterDown => "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n"u8.ToArray(),
        Outcome.RejectedUnblocked =>
            "-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n"u8.ToArray(),
        Outcome.RejectedRedirect => "-REDIRECT\r\n"u8.ToArray(),
        Outcome.RejectedNoReplicas => "-NOREPLICAS Not enough good replicas to write.\r\n"u8.ToArray(),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };

    /// <summary>The reply to CLIENT GETNAME.</summary>
    public static byte[] ForName(byte[]? name, int protocol) =>
        name is not null ? [.. Encoding.ASCII.GetBytes($"${name.Length}\r\n"), .. name, .. "\r\n"u8]
        : protocol > Identity.DefaultProtocol ? Null
        : "$-1\r\n"u8.ToArray();

    public static byte[] For(ProtocolError error, byte got) =>
        ProtocolErrors.Describe(error, got) is { } text ? Encoding.Latin1.GetBytes($"-{text}\r\n") : [];

    /// <summary>
    /// Does this error reply prove that its command was not executed, because the server is not a master (any more, or yet), or is one
    /// whose replicas are still missing (<c>min-replicas-to-write</c>)? All these are checked before execution. Other errors with that
    /// property (OOM, MISCONF, NOAUTH…) are the master's own and are relayed.
    /// </summary>
    /// <returns><see cref="Outcome.Forward"/> if it does not.</returns>
    public static Outcome Rejection(ReadOnlySpan<byte> reply)
    {
        // EXEC gives the reason why its whole transaction was not executed.
        if (reply.StartsWith(AbortedBecauseOf))
        {
            return RejectionCode(reply[AbortedBecauseOf.Length..]);
        }

        return reply.StartsWith("-"u8) ? RejectionCode(reply[1..]) : Outcome.Forward;
    }

    private static Outcome RejectionCode(ReadOnlySpan<byte> reply)
    {
        if (reply.StartsWith("READONLY "u8))
        {
            return Outcome.RejectedReadOnly;
        }

        if (reply.StartsWith("LOADING "u8))
        {
            return Outcome.RejectedLoading;
        }

        if (reply.StartsWith("MASTERDOWN "u8))
        {
            return Outcome.RejectedMasterDown;
        }

        // Not every UNBLOCKED: CLIENT UNBLOCK with ERROR is deliberate.
        if (reply.StartsWith("UNBLOCKED force unblock"u8))
        {
            return Outcome.RejectedUnblocked;
        }

        if (reply.StartsWith("NOREPLICAS "u8))
        {
            return Outcome.RejectedNoReplicas;
        }

        return reply.StartsWith("REDIRECT "u8) ? Outcome.RejectedRedirect : Outcome.Forward;
    }
}
