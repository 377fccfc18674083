using System.Text.RegularExpressions;

namespace RedisProxy.Tests.House;

/// <summary>
/// Blanks what is no code: comments, directives, characters, and the text of strings of every kind. What stands in the holes of
/// interpolated strings is code and stays. Nothing moves: indices and lines are those of the text.
/// </summary>
internal sealed partial class CodeMask
{
    private readonly string _text;
    private readonly char[] _code;
    private int _at;

    private CodeMask(string text)
    {
        _text = text;
        _code = text.ToCharArray();
    }

    public static string Apply(string text)
    {
        var mask = new CodeMask(text);
        while (mask._at < text.Length)
        {
            mask.TakeCode();
        }

        return new string(mask._code);
    }

    private void TakeCode()
    {
        if (IsNext("//") || (IsNext("#") && IsFirstInLine()))
        {
            BlankUntil("\n");
        }
        else if (IsNext("/*"))
        {
            BlankUntil("*/");
            Blank(2);
        }
        else if (IsNext("'"))
        {
            TakeCharacter();
        }
        else if (StringStart().Match(_text, _at) is { Success: true } start)
        {
            TakeString(start.Groups["prefix"].Value, start.Groups["quotes"].Length);
        }
        else
        {
            _at++;
        }
    }

    private void TakeCharacter()
    {
        Blank(IsNext("'\\") ? 3 : 2);
        BlankUntil("'");
        Blank(1);
    }

    private void TakeString(string prefix, int quotes)
    {
        int dollars = prefix.Count(c => c == '$');
        Blank(prefix.Length);
        if (prefix.Contains('@', StringComparison.Ordinal))
        {
            Blank(1);
            TakeText(dollars, "\"", escape: "\"\"");
        }
        else if (quotes >= 3)
        {
            Blank(quotes);
            TakeText(dollars, new string('"', quotes), escape: null);
        }
        else
        {
            Blank(1);
            TakeText(dollars, "\"", escape: "\\");
        }
    }

    private void TakeText(int dollars, string end, string? escape)
    {
        string hole = new('{', Math.Max(1, dollars));
        while (_at < _text.Length)
        {
            if ((escape is not null && IsNext(escape)) || (dollars > 0 && end.Length == 1 && IsNext("{{")))
            {
                Blank(2);
            }
            else if (IsNext(end))
            {
                Blank(end.Length);
                return;
            }
            else if (dollars > 0 && IsNext(hole) && !IsNext(hole + '{'))
            {
                Blank(hole.Length);
                TakeHole(new string('}', hole.Length));
            }
            else
            {
                Blank(1);
            }
        }
    }

    private void TakeHole(string end)
    {
        int depth = 0;
        while (_at < _text.Length && (depth > 0 || !IsNext(end)))
        {
            char next = _text[_at];
            bool isFormat = next == ':' && depth == 0 && !IsNext("::") && _text[_at - 1] != ':';
            if (isFormat)
            {
                BlankUntil(end);
                continue;
            }

            depth += next is '(' or '[' or '{' ? 1 : next is ')' or ']' or '}' ? -1 : 0;
            TakeCode();
        }

        Blank(end.Length);
    }

    private bool IsNext(string text) => string.CompareOrdinal(_text, _at, text, 0, text.Length) == 0;

    private bool IsFirstInLine() => string.IsNullOrWhiteSpace(_text[(_text.LastIndexOf('\n', _at) + 1).._at]);

    private void BlankUntil(string end)
    {
        while (_at < _text.Length && !IsNext(end))
        {
            Blank(1);
        }
    }

    private void Blank(int count)
    {
        for (int i = 0; i < count && _at < _text.Length; i++, _at++)
        {
            _code[_at] = _text[_at] is '\n' ? '\n' : ' ';
        }
    }

    [GeneratedRegex("""\G(?<prefix>[$@]*)(?<quotes>"+)""")]
    private static partial Regex StringStart();
}
