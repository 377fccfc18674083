using System.Text;

namespace RedisProxy.Audit;

/// <summary>
/// The commands of an ACL selector: rules in order, where a later one wins. Two lists are equivalent when one can be turned into the
/// other by swapping rules that do not overlap (of one sign, or about different commands) and by dropping rules without effect.
/// </summary>
/// <param name="categories">The commands of each known category. An unknown category may contain any command.</param>
internal sealed class AclCommands(IReadOnlyDictionary<string, IReadOnlyList<string>> categories)
{
    private const string Everything = "@all";

    private readonly List<(bool IsAllowed, string Name)> _rules = [];
    private bool _isAllAllowed;

    /// <param name="isAllowed">+ or -.</param>
    /// <param name="name">In lower case: a command, a subcommand (config|get), or a category with its @.</param>
    public void Add(bool isAllowed, string name)
    {
        if (name == Everything)
        {
            _rules.Clear();
            _isAllAllowed = isAllowed;
        }
        else if (name[0] == '@' && categories.TryGetValue(name[1..], out IReadOnlyList<string>? commands))
        {
            foreach (string command in commands)
            {
                AddOne(isAllowed, command);
            }
        }
        else
        {
            AddOne(isAllowed, name);
        }
    }

    /// <summary>Equal for equivalent rules.</summary>
    public string Canonical()
    {
        // Each rule is placed one level above the highest preceding rule with which it cannot be swapped; within a level the order
        // does not matter (the Foata normal form).
        var placed = new List<(bool IsAllowed, string Name, int Level)>();
        foreach ((bool isAllowed, string name) in _rules)
        {
            int below = placed.Where(other => other.IsAllowed != isAllowed && MayOverlap(other.Name, name))
                .Select(other => other.Level).DefaultIfEmpty(0).Max();
            if (below > 0 || isAllowed != _isAllAllowed)
            {
                placed.Add((isAllowed, name, below + 1));
            }
        }

        var text = new StringBuilder(Text(_isAllAllowed, Everything));
        foreach ((bool isAllowed, string name, _) in placed.OrderBy(rule => rule.Level)
            .ThenBy(rule => rule.IsAllowed).ThenBy(rule => rule.Name, StringComparer.Ordinal))
        {
            text.Append(' ').Append(Text(isAllowed, name));
        }

        return text.ToString();
    }

    // Earlier rules about the same command, or a part of it, have no effect any more.
    private void AddOne(bool isAllowed, string name)
    {
        _rules.RemoveAll(rule => rule.Name == name || IsPart(rule.Name, name));
        _rules.Add((isAllowed, name));
    }

    private static bool MayOverlap(string one, string other) =>
        one[0] == '@' || other[0] == '@' || one == other || IsPart(one, other) || IsPart(other, one);

    private static bool IsPart(string subcommand, string command) =>
        subcommand.Length > command.Length && subcommand[command.Length] == '|' && subcommand.StartsWith(command, StringComparison.Ordinal);

    private static string Text(bool isAllowed, string name) => (isAllowed ? "+" : "-") + name;
}
