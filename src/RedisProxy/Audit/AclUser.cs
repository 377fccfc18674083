namespace RedisProxy.Audit;

/// <summary>
/// The meaning of a line of ACL LIST (redis.io, topics/acl): two users are equal when each lets the same clients do the same, whatever
/// the wording and order. Servers choose those themselves: one that has loaded a user from its file reports <c>sanitize-payload</c>,
/// which is the default, and one that received the same user by ACL SETUSER does not.
/// </summary>
/// <param name="Login">Whether and how its clients may log in. Contains password hashes, so it is for comparison only.</param>
/// <param name="Rights">Its permissions.</param>
internal sealed record AclUser(string Login, string Rights)
{
    private const string Skips = "skip-sanitize-payload";

    /// <param name="rules">The text after the user's name.</param>
    /// <param name="categories">The commands of the known categories: names without their @, in lower case.</param>
    /// <param name="knowsChannels">The server has rules for channels (redis 6.2): without one, no channel may be used.</param>
    public static AclUser Parse(
        string rules, IReadOnlyDictionary<string, IReadOnlyList<string>> categories, bool knowsChannels = true)
    {
        var login = new SortedSet<string>(StringComparer.Ordinal);
        var root = new AclSelector(categories);
        var selectors = new List<AclSelector>();
        bool isOn = false;
        bool skips = false;
        AclSelector? open = null;
        foreach (string rule in rules.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (open is not null || rule[0] == '(')
            {
                open = ApplyWithin(rule, open, selectors, categories);
                continue;
            }

            switch (rule.ToLowerInvariant())
            {
                case "on" or "off":
                    isOn = rule.Length == 2;
                    break;
                case "nopass" or ['#', ..]:
                    login.Add(rule.ToLowerInvariant());
                    break;
                case "resetpass":
                    login.Clear();
                    break;
                case "sanitize-payload" or Skips:
                    skips = rule.Length == Skips.Length;
                    break;
                case "clearselectors":
                    selectors.Clear();
                    break;
                default:
                    root.Apply(rule);
                    break;
            }
        }

        if (!knowsChannels && !root.HasChannelRule)
        {
            root.Apply("allchannels");
        }

        IEnumerable<string> further = selectors.Select(selector => $" ({selector.Canonical()})").Distinct().Order(StringComparer.Ordinal);
        return new AclUser(
            $"{(isOn ? "on" : "off")} {string.Join(' ', login)}", $"{(skips ? Skips : "")} {root.Canonical()}{string.Concat(further)}");
    }

    /// <summary>The categories in these rules, without their @ and without that of all commands.</summary>
    public static IEnumerable<string> CategoriesIn(string rules) => rules.ToLowerInvariant()
        .Split([' ', '(', ')'], StringSplitOptions.RemoveEmptyEntries)
        .Where(rule => rule is ['+' or '-', '@', ..])
        .Select(rule => rule[2..])
        .Where(category => category != "all");

    // "(~a* +get)": a selector with its own rules, beside those of the user.
    private static AclSelector? ApplyWithin(
        string rule, AclSelector? open, List<AclSelector> selectors, IReadOnlyDictionary<string, IReadOnlyList<string>> categories)
    {
        string text = rule;
        if (open is null)
        {
            open = new AclSelector(categories);
            selectors.Add(open);
            text = text[1..];
        }

        bool isLast = text.EndsWith(')');
        open.Apply(isLast ? text[..^1] : text);
        return isLast ? null : open;
    }
}
