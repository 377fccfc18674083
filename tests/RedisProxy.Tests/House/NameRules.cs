using System.Text.RegularExpressions;

namespace RedisProxy.Tests.House;

/// <summary>Names that say nothing: a folder or type that is called so has no subject.</summary>
internal static partial class NameRules
{
    public static IEnumerable<Violation> Check(SourceFile file)
    {
        IEnumerable<Violation> folders =
            from folder in file.Path.Split('/')[..^1]
            where Vague().IsMatch(folder)
            select new Violation(file.Path, 1, $"the name of folder '{folder}' says nothing");
        IEnumerable<Violation> types =
            from type in file.Types
            where Vague().IsMatch(type.Identifier.Text)
            select file.Violates($"the name of type '{type.Identifier.Text}' says nothing", type);
        return folders.Concat(types);
    }

    [GeneratedRegex("(Util|Utils|Utility|Utilities|Helper|Helpers|Manager|Managers)$", RegexOptions.IgnoreCase)]
    private static partial Regex Vague();
}
