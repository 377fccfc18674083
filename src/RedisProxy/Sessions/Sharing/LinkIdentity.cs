using System.Globalization;
using System.Text;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// As whom, in which protocol and in which database the requests on a connection are executed. Sessions of one listener may share a
/// connection exactly when these are the same for all of them.
/// </summary>
/// <param name="User">
/// Name and password, so that who knows only one of them is another user; empty if the client has not authenticated.
/// </param>
/// <param name="Protocol">2 or 3.</param>
/// <param name="Database">Its number.</param>
internal sealed record LinkIdentity(string User, int Protocol, int Database)
{
    public static LinkIdentity Of(ConnectionState state) =>
        new(KeyOf(state.Identity.User?.Name, state.Identity.User?.Password), state.Identity.Protocol, state.Database);

    /// <summary>The identity if this request succeeds, where it may be said on a shared link that has that identity.</summary>
    /// <returns>
    /// Null: it is not known, the request does more than that, or it may be refused without a reply. To credentials that it does not
    /// accept, redis 7.2 and later reply nothing while earlier replies are still to be written (redis source, addAuthErrReply): on a
    /// shared link, the next client's reply would be taken for it.
    /// </returns>
    public LinkIdentity? After(StateChange change)
    {
        IReadOnlyList<byte[]> words = change.Arguments;
        return change.Kind switch
        {
            CommandKind.Select => this with { Database = Number(words[1]) },
            CommandKind.Hello => AfterHello(words, change.KeepsName),
            _ => null,
        };
    }

    private LinkIdentity? AfterHello(IReadOnlyList<byte[]> words, bool keepsName)
    {
        LinkIdentity? after = words.Count > 1 ? this with { Protocol = Number(words[1]) } : this;
        for (int i = 2; i < words.Count && after is not null; i++)
        {
            switch (RequestArguments.Upper(words[i]))
            {
                case "SETNAME" when keepsName:
                    i++;
                    break;
                default:
                    after = null;
                    break;
            }
        }

        return after;
    }

    private static int Number(byte[] word) => int.Parse(word, NumberStyles.Integer, CultureInfo.InvariantCulture);

    // The length tells where the name ends.
    private static string KeyOf(byte[]? name, byte[]? password) => name is null || password is null
        ? ""
        : $"{name.Length.ToString(CultureInfo.InvariantCulture)}:{Encoding.Latin1.GetString([.. name, .. password])}";
}
