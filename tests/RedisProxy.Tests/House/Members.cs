using System.Text.RegularExpressions;

namespace RedisProxy.Tests.House;

/// <summary>A member of a type that has code: method, constructor, property, operator. Not fields.</summary>
internal sealed record Member(string Name, int Index, int Lines);

/// <summary>
/// Finds the members of all types in a file, by braces. No compiler: it knows where a member begins and where it ends, and that is all
/// that is asked here. Local functions and lambdas belong to their member. Attributes do not count.
/// </summary>
internal sealed partial class Members
{
    private readonly SourceFile _file;
    private readonly string _code;
    private readonly List<Member> _found = [];
    private int _begin = -1;
    private int _depth;
    private int _assignment = -1;

    private Members(SourceFile file)
    {
        _file = file;
        _code = file.Code;
    }

    public static IReadOnlyList<Member> Find(SourceFile file)
    {
        var members = new Members(file);
        for (int i = 0; i < members._code.Length; i++)
        {
            members.Take(i);
        }

        return members._found;
    }

    private void Take(int at)
    {
        char next = _code[at];
        if (_begin < 0 && !char.IsWhiteSpace(next) && next != '}')
        {
            _begin = at;
        }

        switch (next)
        {
            case '{' when _depth == 0 && IsContainer(_code[_begin..at]):
            case '}' when _depth == 0:
                Forget();
                break;
            case '{' or '(' or '[':
                _depth++;
                break;
            case ')' or ']':
                _depth--;
                break;
            case '}':
                _depth--;
                if (_depth == 0 && _assignment < 0)
                {
                    End(at);
                }

                break;
            case ';' when _depth == 0:
                End(at);
                break;
            case '=' when _depth == 0 && _assignment < 0 && !OperatorName().IsMatch(_code[_begin..at]):
                _assignment = at;
                break;
        }
    }

    private void End(int at)
    {
        int begin = SkipAttributes(_begin);
        bool isField = _assignment >= 0 && _code[_assignment + 1] != '>';
        Match name = MemberName().Match(_code[begin..at]);
        if (!isField && name.Success)
        {
            int lines = _file.LineAt(at) - _file.LineAt(begin) + 1;
            _found.Add(new Member(name.Groups["name"].Value, begin, lines));
        }

        Forget();
    }

    private int SkipAttributes(int begin)
    {
        int at = begin;
        while (_code[at] == '[')
        {
            int depth = 0;
            do
            {
                depth += _code[at] == '[' ? 1 : _code[at] == ']' ? -1 : 0;
                at++;
            }
            while (depth > 0);

            while (char.IsWhiteSpace(_code[at]))
            {
                at++;
            }
        }

        return at;
    }

    private void Forget()
    {
        _begin = -1;
        _assignment = -1;
    }

    private static bool IsContainer(string header) => Container().IsMatch(header.Split(" where ")[0]);

    [GeneratedRegex(@"\b(namespace|class|struct|interface|enum|record)\s+\w")]
    private static partial Regex Container();

    [GeneratedRegex(@"\boperator\s*(checked\s*)?[=!<>+\-*/%&|^~]*$")]
    private static partial Regex OperatorName();

    // The word before the parameters, the body or the arrow.
    [GeneratedRegex(@"(?<name>operator\s*\S+?|\w+|\])\s*(<[^()]*>)?\s*(\(|\{|=>)")]
    private static partial Regex MemberName();
}
