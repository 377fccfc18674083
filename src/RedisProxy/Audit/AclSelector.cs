namespace RedisProxy.Audit;

/// <summary>
/// Keys, channels, commands and databases opened by one set of ACL rules. Rules have several spellings: <c>allkeys</c> is <c>~*</c>,
/// <c>%RW~a</c> is <c>~a</c>, and so is <c>%R~a %W~a</c>, because redis combines them.
/// </summary>
internal sealed class AclSelector(IReadOnlyDictionary<string, IReadOnlyList<string>> categories)
{
    private const string Any = "*";
    private const string Databases = "db=";

    private readonly SortedDictionary<string, KeyAccess> _keys = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _channels = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _databases = new(StringComparer.Ordinal) { Any };
    private readonly SortedSet<string> _others = new(StringComparer.Ordinal);
    private readonly AclCommands _commands = new(categories);

    [Flags]
    private enum KeyAccess
    {
        None = 0,
        Read = 1,
        Write = 2,
        Both = Read | Write,
    }

    /// <summary>There was a rule about channels. Redis 6.0 has none.</summary>
    public bool HasChannelRule { get; private set; }

    public void Apply(string rule)
    {
        string word = rule.ToLowerInvariant();
        if (ApplyWord(word) || rule.Length == 0)
        {
            return;
        }

        switch (rule[0])
        {
            case '~':
                Open(rule[1..], KeyAccess.Both);
                break;
            case '%' when rule.IndexOf('~', StringComparison.Ordinal) is > 0 and var tilde:
                Open(rule[(tilde + 1)..], AccessOf(word[1..tilde]));
                break;
            case '&':
                HasChannelRule = true;
                _channels.Add(rule[1..]);
                break;
            case '+' or '-' when rule.Length > 1:
                _commands.Add(rule[0] == '+', word[1..]);
                break;
            default:
                ApplyOther(word);
                break;
        }
    }

    /// <summary>Equal for equivalent selectors.</summary>
    public string Canonical() => string.Join(
        ' ',
        [
            .. _keys.Where(key => !IsCovered(key.Key, key.Value)).Select(key => $"%{(int)key.Value}~{key.Key}"),
            .. (_channels.Contains(Any) ? [Any] : _channels).Select(channel => $"&{channel}"),
            .. (_databases.Contains(Any) ? [Any] : _databases).Select(database => Databases + database),
            .. _others,
            _commands.Canonical(),
        ]);

    private bool ApplyWord(string word)
    {
        switch (word)
        {
            case "allkeys":
                Open(Any, KeyAccess.Both);
                return true;
            case "resetkeys":
                _keys.Clear();
                return true;
            case "allchannels":
                HasChannelRule = true;
                _channels.Add(Any);
                return true;
            case "resetchannels":
                HasChannelRule = true;
                _channels.Clear();
                return true;
            case "allcommands" or "nocommands":
                _commands.Add(word == "allcommands", "@all");
                return true;
            case "alldbs":
                _databases.Add(Any);
                return true;
            case "resetdbs":
                _databases.Clear();
                return true;
            default:
                return false;
        }
    }

    // Valkey 9.1 opens databases one by one; without such a rule all are open.
    private void ApplyOther(string word)
    {
        if (!word.StartsWith(Databases, StringComparison.Ordinal))
        {
            _others.Add(word);
            return;
        }

        _databases.Remove(Any);
        _databases.UnionWith(word[Databases.Length..].Split(','));
    }

    private void Open(string pattern, KeyAccess access) => _keys[pattern] = _keys.GetValueOrDefault(pattern) | access;

    // A pattern counts by itself: reading and writing a key requires one pattern that allows both.
    private bool IsCovered(string pattern, KeyAccess access) =>
        access == KeyAccess.None || (pattern != Any && (_keys.GetValueOrDefault(Any) & access) == access);

    private static KeyAccess AccessOf(string letters) =>
        (letters.Contains('r', StringComparison.Ordinal) ? KeyAccess.Read : KeyAccess.None)
        | (letters.Contains('w', StringComparison.Ordinal) ? KeyAccess.Write : KeyAccess.None);
}
