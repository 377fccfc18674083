using System.Buffers;
using System.Globalization;
using System.Text;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// The requests that bring a new connection to the state of the old one, in an order that redis accepts, and the replies required before
/// it may be used.
/// </summary>
internal sealed class StateReplay
{
    private static readonly byte[] SharedName = "redisproxy-shared"u8.ToArray();

    private readonly ArrayBufferWriter<byte> _output = new(256);

    // By reply, in order.
    private readonly List<bool> _mustSucceed = [];

    // Ends of all steps but the last: bytes and replies.
    private readonly List<(int Bytes, int Replies)> _ends = [];

    private StateReplay(bool isMark)
    {
        if (isMark)
        {
            AddMark();
        }
        else
        {
            Add(Demand.None, "PING");
        }
    }

    private StateReplay(Identity identity, Said? selected, byte[][]? credentials)
    {
        Protocol = identity.Protocol;
        AddOwnCredentials(credentials);
        if (identity.User is { } user)
        {
            AddUser(identity, user, Demand.Success);
        }
        else if (identity.Protocol != Identity.DefaultProtocol)
        {
            Add(Demand.Success, "HELLO", Number(identity.Protocol));
        }

        if (selected is not null)
        {
            AddAll([selected], Demand.Success);
        }

        if (_mustSucceed.Count == 0)
        {
            // Refused if clients have to authenticate first.
            Add(Demand.Success, "PING");
        }

        // In the server's list of clients.
        Add(Demand.None, "CLIENT SETNAME", SharedName);
    }

    private StateReplay(ConnectionState state, byte[][]? credentials, bool isMarked)
    {
        Protocol = state.Identity.Protocol;
        AddOwnCredentials(credentials);
        Identity identity = state.Identity;
        Said[] modes = ModesOf(state);
        Said[] wishes = WishesOf(state);
        AddForEarlierUsers(identity, modes, wishes);
        AddIdentity(identity);
        AddAll(modes.Where(request => IsBy(request, identity.User)), Demand.Success);
        AddAll(wishes.Where(request => IsBy(request, identity.User)), Demand.None);
        if (state.Subscriptions is { IsEmpty: false } subscriptions)
        {
            Expect(Demand.Success, subscriptions.WriteReplay(_output));
        }

        // Not behind CLIENT CACHING, which is about the next command, nor in MULTI.
        if (isMarked && state.Caching is null && !state.Transaction.IsOpen)
        {
            AddMark();
        }

        if (state.Caching is { } caching)
        {
            Add(Demand.Success, "CLIENT CACHING", caching[2]);
        }

        if (state.Transaction.IsOpen)
        {
            Add(Demand.Success, "MULTI");
            Queue = state.Queue;
        }
    }

    private enum Demand : byte
    {
        None,
        Success,
    }

    /// <summary>No state: a request whose reply, whatever it is, shows that the server has accepted the connection.</summary>
    public static StateReplay Nothing { get; } = new(isMark: false);

    /// <summary>No state, but everything that the server has executed so far counts as written on this connection.</summary>
    public static StateReplay Mark { get; } = new(isMark: true);

    /// <summary>Its last request is the mark.</summary>
    public bool EndsWithMark { get; private set; }

    /// <summary>Spoken by the connection after the replay.</summary>
    public int Protocol { get; } = Identity.DefaultProtocol;

    /// <summary>
    /// Requests, each step to be sent when the one before is answered, with the number of their replies. Credentials are the first request
    /// of a step: redis from 7.2 on gives no reply to refused ones while earlier replies of the connection are unwritten (redis source,
    /// addAuthErrReply; measured with 8.0.2 and 8.6.3).
    /// </summary>
    public IEnumerable<(ReadOnlyMemory<byte> Requests, int Replies)> Steps
    {
        get
        {
            (int bytes, int replies) = (0, 0);
            foreach ((int bytesEnd, int repliesEnd) in _ends.Append((_output.WrittenCount, _mustSucceed.Count)))
            {
                yield return (_output.WrittenMemory[bytes..bytesEnd], repliesEnd - replies);
                (bytes, replies) = (bytesEnd, repliesEnd);
            }
        }
    }

    /// <summary>
    /// To be sent once MULTI was confirmed; earlier it would be executed. Null: nothing. The replies do not matter: if a part of it is
    /// refused, so is EXEC.
    /// </summary>
    public TransactionQueue? Queue { get; }

    /// <summary>Only user, protocol and database, for a connection that serves several clients.</summary>
    /// <param name="state">Of one of them.</param>
    /// <param name="credentials">As for <see cref="Of"/>.</param>
    public static StateReplay OfIdentity(ConnectionState state, byte[][]? credentials) =>
        new(state.Identity, state.Database == 0 ? null : state.Selected, credentials);

    /// <param name="state">Of the client's connection.</param>
    /// <param name="credentials">The proxy's own, for authentication; null: those of the state, if any.</param>
    /// <param name="isMarked">With <see cref="Mark"/> at its end.</param>
    /// <returns>Null: there is nothing to replay.</returns>
    public static StateReplay? Of(ConnectionState state, byte[][]? credentials, bool isMarked = false)
    {
        if (state.IsUntouched && credentials is null)
        {
            return isMarked ? Mark : null;
        }

        var replay = new StateReplay(state, credentials, isMarked);
        return replay._output.WrittenCount == 0 ? null : replay;
    }

    /// <summary>
    /// Does the replay fail if this request is refused? Not if it changes no command's meaning: a user who is no longer permitted to set
    /// its name can still work.
    /// </summary>
    /// <param name="reply">0 is the first of all <see cref="Steps"/>.</param>
    public bool MustSucceed(int reply) => _mustSucceed[reply];

    // State that changes the meaning of later commands.
    private static Said[] ModesOf(ConnectionState state)
    {
        Said?[] modes = [state.Database == 0 ? null : state.Selected, state.ReadOnly, .. state.Tracking?.Requests ?? []];
        return [.. modes.OfType<Said>()];
    }

    // State that does not.
    private static Said[] WishesOf(ConnectionState state)
    {
        Identity identity = state.Identity;
        Said?[] wishes = [identity.Naming, identity.LibraryName, identity.LibraryVersion, state.NoEvict, state.NoTouch];
        return [.. wishes.OfType<Said>()];
    }

    // A later user may not be permitted to send it. Which user sends it makes no difference to its effect.
    private void AddForEarlierUsers(Identity identity, Said[] modes, Said[] wishes)
    {
        foreach (IGrouping<int, Said> requestsOfOne in modes.Concat(wishes)
            .Where(request => !IsBy(request, identity.User))
            .GroupBy(static request => request.By?.Order ?? 0)
            .OrderBy(static requests => requests.Key))
        {
            if (requestsOfOne.First().By is { } user)
            {
                AddUser(identity, user, Demand.None);
            }
            else if (identity.Protocol != Identity.DefaultProtocol)
            {
                Add(Demand.None, "HELLO", Number(identity.Protocol));
            }

            AddAll(requestsOfOne.Intersect(modes), Demand.Success);
            AddAll(requestsOfOne.Intersect(wishes), Demand.None);
        }
    }

    private void AddIdentity(Identity identity)
    {
        if (identity.User is { } user)
        {
            AddUser(identity, user, Demand.Success, NameOf(identity));
        }
        else if (identity.Protocol != Identity.DefaultProtocol || (identity.HasSaidHello && identity.Name is not null))
        {
            Add(Demand.Success, "HELLO", [Number(identity.Protocol), .. NameOf(identity)]);
        }
    }

    private void AddUser(Identity identity, ClientCredentials user, Demand demand, params ReadOnlySpan<byte[]> name)
    {
        BeginStep();
        if (identity.HasSaidHello)
        {
            Add(demand, "HELLO", [Number(identity.Protocol), "AUTH"u8.ToArray(), user.Name, user.Password, .. name]);
        }
        else
        {
            Add(demand, "AUTH", user.Username is { } username ? [username, user.Password] : [user.Password]);
        }
    }

    private void AddOwnCredentials(byte[][]? credentials)
    {
        if (credentials is not null)
        {
            Add(Demand.Success, "AUTH", credentials);
        }
    }

    private void AddMark()
    {
        RequestWriter.WriteBytes(_output, WriteMark.Words);
        Expect(Demand.None, 1);
        EndsWithMark = true;
    }

    private void BeginStep()
    {
        if (_mustSucceed.Count > 0)
        {
            _ends.Add((_output.WrittenCount, _mustSucceed.Count));
        }
    }

    private static byte[][] NameOf(Identity identity) => identity.Name is { } name ? ["SETNAME"u8.ToArray(), name] : [];

    private void AddAll(IEnumerable<Said> requests, Demand demand)
    {
        foreach (Said one in requests)
        {
            RequestWriter.WriteBytes(_output, [.. one.Words]);
            Expect(demand, 1);
        }
    }

    private void Add(Demand demand, string words, params ReadOnlySpan<byte[]> more)
    {
        RequestWriter.WriteBytes(_output, [.. words.Split(' ').Select(Encoding.ASCII.GetBytes), .. more]);
        Expect(demand, 1);
    }

    private void Expect(Demand demand, int replies) => _mustSucceed.AddRange(Enumerable.Repeat(demand == Demand.Success, replies));

    // After RESET the connection is unauthenticated, and there would be no way back from the earlier user.
    private static bool IsBy(Said request, ClientCredentials? user) => user is null || (request.By is { } by && by.IsSameUser(user));

    private static byte[] Number(int value) => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));
}
