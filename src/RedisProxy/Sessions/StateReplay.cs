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
        List<Said> modes = ModesOf(state);
        SayAsEarlierUsers(identity, modes);
        SayIdentity(identity);
        SayAll(modes, from: identity.User);
        SayWishes(state);
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

    // What a later user may not be allowed to say. Which one said it first does not matter to what it does.
    private static List<Said> ModesOf(ConnectionState state)
    {
        var modes = new List<Said>();
        if (state.Database != 0)
        {
            modes.Add(state.Selected!);
        }

        if (state.ReadOnly is { } readOnly)
        {
            modes.Add(readOnly);
        }

        modes.AddRange(state.Tracking?.Requests ?? []);
        return modes;
    }

    private void SayAsEarlierUsers(Identity identity, List<Said> modes)
    {
        foreach (IGrouping<int, Said> saidByOne in modes
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

            SayAll(saidByOne);
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

    private void SayUser(Identity identity, Credentials user, Demand demand, params ReadOnlySpan<byte[]> name)
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

    private void SayAll(List<Said> modes, Credentials? from) => SayAll(modes.Where(said => IsBy(said, from)));

    private void SayAll(IEnumerable<Said> modes)
    {
        foreach (Said said in modes)
        {
            RequestWriter.WriteBytes(_output, [.. said.Words]);
            Expect(Demand.Success, 1);
        }
    }

    // Redis gives these to whoever asks, unless a rule of its ACL says otherwise.
    private void SayWishes(ConnectionState state)
    {
        if (state.Identity is { HasSaidHello: false, Name: { } name })
        {
            Say(Demand.None, "CLIENT SETNAME", name);
        }

        if (state.Identity.LibraryName is { } library)
        {
            Say(Demand.None, "CLIENT SETINFO LIB-NAME", library);
        }

        if (state.Identity.LibraryVersion is { } version)
        {
            Say(Demand.None, "CLIENT SETINFO LIB-VER", version);
        }

        if (state.IsNoEvict)
        {
            Say(Demand.None, "CLIENT NO-EVICT on");
        }

        if (state.IsNoTouch)
        {
            Say(Demand.None, "CLIENT NO-TOUCH on");
        }
    }

    private void Say(Demand demand, string words, params ReadOnlySpan<byte[]> more)
    {
        RequestWriter.WriteBytes(_output, [.. words.Split(' ').Select(Encoding.ASCII.GetBytes), .. more]);
        Expect(demand, 1);
    }

    private void Expect(Demand demand, int replies) => _mustSucceed.AddRange(Enumerable.Repeat(demand == Demand.Success, replies));

    private static bool IsBy(Said said, Credentials? user) => said.By is { } by ? by.IsSameUser(user) : user is null;

    private static byte[] Number(int value) => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));
}
