namespace RedisProxy.Testing.Histories;

/// <summary>The identity of a connection: everything about it that a failover must not change. Without a user: the default one.</summary>
internal sealed record Identity(int Connection, int Database, bool IsResp3, bool HasUser)
{
    public const string UserName = "history-user";

    private const string Password = "history-password";

    /// <summary>Lines of <c>redis.conf</c> that the load needs.</summary>
    public static string[] ServerLines => [$"user {UserName} on >{Password} ~* &* +@all"];

    public string Name => $"history-{Connection}";

    public string User => HasUser ? UserName : "default";

    /// <summary>Sent one after the other, before anything else.</summary>
    public IEnumerable<Request> Introduction()
    {
        if (IsResp3)
        {
            string[] user = HasUser ? ["AUTH", UserName, Password] : [];
            yield return new Request(["HELLO", "3", .. user])
            {
                IsEssential = true,
                Judge = reply => Replies.Expect(reply.Kind == '%' && reply.Value("role") == "master", "the map of a master"),
            };
        }
        else if (HasUser)
        {
            yield return new Request("AUTH", UserName, Password) { IsEssential = true, Judge = Replies.Ok };
        }

        yield return new Request("CLIENT", "SETNAME", Name) { IsEssential = true, Judge = Replies.Ok };
        yield return new Request("SELECT", $"{Database}") { IsEssential = true, IsRead = true, Judge = Replies.Ok };
    }

    public Request AskName() => new("CLIENT", "GETNAME") { IsRead = true, Judge = reply => Replies.Bulk(reply, Name) };

    public Request AskUser() => new("ACL", "WHOAMI") { IsRead = true, Judge = reply => Replies.Bulk(reply, User) };

    public Request AskAll() => new("CLIENT", "INFO")
    {
        IsRead = true,
        Judge = reply =>
        {
            // Verbatim in RESP3: "txt:" followed by the same.
            string[] expected = [$"name={Name}", $"db={Database}", $"user={User}", $"resp={(IsResp3 ? 3 : 2)}"];
            string[] fields = (reply.Text ?? "").Split(' ', '\n');
            return Replies.Expect(reply.Kind == (IsResp3 ? '=' : '$') && expected.All(fields.Contains), string.Join(' ', expected));
        },
    };
}
