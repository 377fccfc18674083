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
            from declaration in TypeIndex.Declarations(file)
            where Vague().IsMatch(declaration.Name)
            select file.Violates($"the name of type '{declaration.Name}' says nothing", declaration.Index);
        return folders.Concat(types);
    }

    [GeneratedRegex("(Util|Utils|Utility|Utilities|Helper|Helpers|Manager|Managers)$", RegexOptions.IgnoreCase)]
    private static partial Regex Vague();
}
