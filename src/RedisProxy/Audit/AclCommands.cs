using System.Text;

namespace RedisProxy.Audit;

/// <summary>
/// The commands of an ACL selector: rules in their order, of which a later one wins. Two lists mean the same when one can be made the other
/// by exchanging rules that do not touch each other (of one sign, or about other commands) and by leaving out those that have no effect.
/// </summary>
/// <param name="categories">What a category consists of, where that is known. One that is not may have any command in it.</param>
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

    /// <summary>Equal for rules that mean the same.</summary>
    public string Canonical()
    {
        // Each rule stands one level above the highest of those before it with which it cannot be exchanged; within a level order says
        // nothing (the normal form of Foata).
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

    // What was said of the same before, or of a part of it, has no effect any more.
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
