namespace RedisProxy.Tests.House;

/// <summary>Sizes beyond which a second concept has usually crept in.</summary>
internal static class SizeRules
{
    public const int MaxProxyFileLines = 300;
    public const int MaxPumpFileLines = 150;
    public const int MaxOtherFileLines = 400;
    public const int MaxMethodLines = 70;
    public const int MaxLineChars = 140;
    public const int MaxArchitectureLines = 200;

    public static IEnumerable<Violation> CheckFile(SourceFile file)
    {
        (int max, string rule) = file switch
        {
            { IsProxy: true } when file.FileName.EndsWith("Pump.cs", StringComparison.Ordinal) => (MaxPumpFileLines, "a pump"),
            { IsProxy: true } => (MaxProxyFileLines, "a file of the proxy"),
            _ => (MaxOtherFileLines, "a file"),
        };
        int lines = file.Lines;
        return lines > max ? [new Violation(file.Path, lines, $"{rule} has at most {max} lines, not {lines}")] : [];
    }

    public static IEnumerable<Violation> CheckLines(SourceFile file) =>
        from line in file.Text.Split('\n').Select((text, index) => (Text: text.TrimEnd('\r'), Number: index + 1))
        where line.Text.Length > MaxLineChars
        select new Violation(file.Path, line.Number, $"a line has at most {MaxLineChars} characters, not {line.Text.Length}");

    public static IEnumerable<Violation> CheckMethods(SourceFile file) =>
        from member in Members.Find(file)
        where member.Lines > MaxMethodLines
        select file.Violates($"a method has at most {MaxMethodLines} lines, '{member.Name}' has {member.Lines}", member.Node);

    /// <summary>A row of a table cannot be wrapped; all other lines are as short as those of code.</summary>
    public static IEnumerable<Violation> CheckArchitecture(string path, string text)
    {
        var file = new SourceFile(path, text);
        IEnumerable<Violation> tooMany = file.Lines > MaxArchitectureLines
            ? [new Violation(path, file.Lines, $"at most {MaxArchitectureLines} lines, not {file.Lines}")]
            : [];
        return tooMany.Concat(CheckLines(file).Where(violation => !text.Split('\n')[violation.Line - 1].StartsWith('|')));
    }
}
