using System.Buffers;
using System.Globalization;
using System.Text;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// The requests that bring a new connection to the state of the old one, in the order in which redis allows them, and what has to come
/// back before it may be used.
/// </summary>
internal sealed class StateReplay
{
    private readonly ArrayBufferWriter<byte> _output = new(256);

    // For each reply, in their order.
    private readonly List<bool> _mustSucceed = [];

    private StateReplay() => Say(Demand.None, "PING");

    private StateReplay(ConnectionState state, byte[][]? credentials)
    {
        Protocol = state.Identity.Protocol;
        if (credentials is not null)
        {
            Say(Demand.Success, "AUTH", credentials);
        }

        Identity identity = state.Identity;
        Said[] modes = ModesOf(state);
        Said[] wishes = WishesOf(state);
        SayAsEarlierUsers(identity, modes, wishes);
        SayIdentity(identity);
        SayAll(modes.Where(said => IsBy(said, identity.User)), Demand.Success);
        SayAll(wishes.Where(said => IsBy(said, identity.User)), Demand.None);
        if (state.Subscriptions is { IsEmpty: false } subscriptions)
        {
            Expect(Demand.Success, subscriptions.WriteReplay(_output));
        }

        if (state.Caching is { } caching)
        {
            Say(Demand.Success, "CLIENT CACHING", caching[2]);
        }

        if (state.Transaction.IsOpen)
        {
            Say(Demand.Success, "MULTI");
            Queue = state.Queue;
        }
    }

    private enum Demand : byte
    {
        None,
        Success,
    }

    public ReadOnlyMemory<byte> Requests => _output.WrittenMemory;

    /// <summary>No state: a question whose answer, whatever it is, shows that the server has accepted the connection.</summary>
    public static StateReplay Nothing { get; } = new();

    /// <summary>That the connection speaks when all of it is said.</summary>
    public int Protocol { get; } = Identity.DefaultProtocol;

    /// <summary>Replies to <see cref="Requests"/>.</summary>
    public int RepliesOwed => _mustSucceed.Count;

    /// <summary>
    /// To be sent once MULTI was confirmed, else it would be executed. Null: nothing. What it is answered with does not matter: when a
    /// part of it is refused, EXEC is.
    /// </summary>
    public TransactionQueue? Queue { get; }

    /// <param name="state">Of the client's connection.</param>
    /// <param name="credentials">With which the proxy authenticates it; null: with those of the state, if there are any.</param>
    /// <returns>Null: there is nothing to say.</returns>
    public static StateReplay? Of(ConnectionState state, byte[][]? credentials)
    {
        if (state.IsUntouched && credentials is null)
        {
            return null;
        }

        var replay = new StateReplay(state, credentials);
        return replay._output.WrittenCount == 0 ? null : replay;
    }

    /// <summary>
    /// Is it a reason to give up when this request is refused? Not for what changes no command's meaning: a user who may not say its name
    /// any more can still work.
    /// </summary>
    /// <param name="reply">0 is the first of <see cref="RepliesOwed"/>.</param>
    public bool MustSucceed(int reply) => _mustSucceed[reply];

    // What gives the commands behind it another meaning.
    private static Said[] ModesOf(ConnectionState state)
    {
        Said?[] modes = [state.Database == 0 ? null : state.Selected, state.ReadOnly, .. state.Tracking?.Requests ?? []];
        return [.. modes.OfType<Said>()];
    }

    // What does not.
    private static Said[] WishesOf(ConnectionState state)
    {
        Identity identity = state.Identity;
        Said?[] wishes = [identity.Naming, identity.LibraryName, identity.LibraryVersion, state.NoEvict, state.NoTouch];
        return [.. wishes.OfType<Said>()];
    }

    // A later user may not be allowed to say it. Which one says it does not matter to what it does.
    private void SayAsEarlierUsers(Identity identity, Said[] modes, Said[] wishes)
    {
        foreach (IGrouping<int, Said> saidByOne in modes.Concat(wishes)
            .Where(said => !IsBy(said, identity.User))
            .GroupBy(static said => said.By?.Order ?? 0)
            .OrderBy(static said => said.Key))
        {
            if (saidByOne.First().By is { } user)
            {
                SayUser(identity, user, Demand.None);
            }
            else if (identity.Protocol != Identity.DefaultProtocol)
            {
                Say(Demand.None, "HELLO", Number(identity.Protocol));
            }

            SayAll(saidByOne.Intersect(modes), Demand.Success);
            SayAll(saidByOne.Intersect(wishes), Demand.None);
        }
    }

    private void SayIdentity(Identity identity)
    {
        if (identity.User is { } user)
        {
            SayUser(identity, user, Demand.Success, NameOf(identity));
        }
        else if (identity.Protocol != Identity.DefaultProtocol || (identity.HasSaidHello && identity.Name is not null))
        {
            Say(Demand.Success, "HELLO", [Number(identity.Protocol), .. NameOf(identity)]);
        }
    }

    private void SayUser(Identity identity, ClientCredentials user, Demand demand, params ReadOnlySpan<byte[]> name)
    {
        if (identity.HasSaidHello)
        {
            Say(demand, "HELLO", [Number(identity.Protocol), "AUTH"u8.ToArray(), user.Name, user.Password, .. name]);
        }
        else
        {
            Say(demand, "AUTH", user.Username is { } username ? [username, user.Password] : [user.Password]);
        }
    }

    private static byte[][] NameOf(Identity identity) => identity.Name is { } name ? ["SETNAME"u8.ToArray(), name] : [];

    private void SayAll(IEnumerable<Said> said, Demand demand)
    {
        foreach (Said one in said)
        {
            RequestWriter.WriteBytes(_output, [.. one.Words]);
            Expect(demand, 1);
        }
    }

    private void Say(Demand demand, string words, params ReadOnlySpan<byte[]> more)
    {
        RequestWriter.WriteBytes(_output, [.. words.Split(' ').Select(Encoding.ASCII.GetBytes), .. more]);
        Expect(demand, 1);
    }

    private void Expect(Demand demand, int replies) => _mustSucceed.AddRange(Enumerable.Repeat(demand == Demand.Success, replies));

    // After RESET nobody is authenticated, and there would be no way back from the user who said it.
    private static bool IsBy(Said said, ClientCredentials? user) => user is null || (said.By is { } by && by.IsSameUser(user));

    private static byte[] Number(int value) => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));
}
