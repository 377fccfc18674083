using System.Net;

using RedisProxy.Resp;

namespace RedisProxy.Servers;

/// <summary>
/// Clients of one server blocked in BLPOP, XREADGROUP and similar commands, found in its client list by their address, and unblocked with
/// <c>CLIENT UNBLOCK … ERROR</c>. The error in place of a reply proves that nothing was popped.
/// <para>
/// Never while the server pauses its clients (CLIENT PAUSE, FAILOVER): many versions take paused clients for blocked ones, answer them,
/// and still execute what they had sent. So the unblock commands go in a transaction with a command that such a pause holds back,
/// PFCOUNT of a key that does not exist.
/// </para>
/// </summary>
internal sealed class WaitingClients(ServerConnection server)
{
    /// <summary>Of an answer to CLIENT LIST: about 100,000 clients.</summary>
    public const int MaxListBytes = 64 << 20;

    private const int OrdersAtOnce = 512;

    private static readonly string[] Guard = ["PFCOUNT", "redisproxy:no-such-key"];

    private Dictionary<IPEndPoint, string>? _ids;

    /// <param name="clients">Clients that may be blocked: addresses as the server sees them.</param>
    /// <param name="mayBeEnded">Receives those that were unblocked, or may have been: there was no answer.</param>
    /// <returns>True: some of them are not blocked, or not yet.</returns>
    /// <exception cref="ServerException">It refuses, or does not answer.</exception>
    public async Task<bool> EndWaitsAsync(IEnumerable<IPEndPoint> clients, HashSet<IPEndPoint> mayBeEnded)
    {
        _ids ??= ReadIds(await server.AskAsync("CLIENT", "LIST", "TYPE", "normal"));
        bool isAnyLeft = false;
        foreach (IPEndPoint[] some in clients.Where(_ids.ContainsKey).Chunk(OrdersAtOnce))
        {
            mayBeEnded.UnionWith(some);
            RespValue[] replies = await server.TryAskAllAsync(
                [["MULTI"], Guard, .. some.Select(client => (string[])["CLIENT", "UNBLOCK", _ids[client], "ERROR"]), ["EXEC"]]);
            RespValue exec = replies[^1];
            RespValue? refusal = Array.Find(replies, static reply => reply.IsError)
                ?? exec.Items.FirstOrDefault(static item => item.IsError);
            if (refusal is not null || exec.Items.Count != some.Length + 1)
            {
                mayBeEnded.ExceptWith(some);
                throw new ServerException($"{server.Announced} answers CLIENT UNBLOCK: {(refusal ?? exec).Text}");
            }

            IPEndPoint[] left = [.. some.Where((_, i) => exec.Items[i + 1].Text != "1")];
            mayBeEnded.ExceptWith(left);
            isAnyLeft |= left.Length > 0;
        }

        return isAnyLeft;
    }

    private static Dictionary<IPEndPoint, string> ReadIds(RespValue list)
    {
        var ids = new Dictionary<IPEndPoint, string>();
        foreach (string line in list.Text.Split('\n'))
        {
            string id = Field(line, "id=");
            if (id.Length > 0 && IPEndPoint.TryParse(Field(line, " addr="), out IPEndPoint? address))
            {
                ids[address] = id;
            }
        }

        return ids;
    }

    private static string Field(string line, string name)
    {
        int begin = line.IndexOf(name, StringComparison.Ordinal) + name.Length;
        int end = begin < name.Length ? -1 : line.IndexOf(' ', begin);
        return end < 0 ? "" : line[begin..end];
    }
}
