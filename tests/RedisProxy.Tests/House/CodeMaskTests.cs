namespace RedisProxy.Tests.House;

public sealed class CodeMaskTests
{
    /// <summary>What is code is written in letters a to e, what is not in X; blanks do not count here.</summary>
    [Theory]
    [InlineData("a // X { \" ' X\nb", "ab")]
    [InlineData("a /* X \" \n X */ b", "ab")]
    [InlineData("/// X's\n#region X's {\n  #if X\na", "a")]
    [InlineData("a + \"X { // \\\" X\" + b", "a++b")]
    [InlineData("a + \"\\\\\" + b", "a++b")]
    [InlineData("a + \"\" + b + '\"' + c", "a++b++c")]
    [InlineData("'\\'' + a + 'X' + '\\u0041' + b + '{'", "+a+++b+")]
    [InlineData("@\"X \\\" + a + @\"X \"\" X\" + b", "+a++b")]
    [InlineData("\"\"\"X \" \"\" X { \"\"\" + a", "+a")]
    [InlineData("\"\"\"\"X \"\"\" X\"\"\"\" + a", "+a")]
    [InlineData("\"\"\"\n X \" { // X\n \"\"\" + a", "+a")]
    [InlineData("$\"X {a} X {b} {{X}} {c}\" + d", "abc+d")]
    [InlineData("$\"{a:X0.00} X {(b ? c : d):X} {e::a}\"", "a(b?c:d)e::a")]
    [InlineData("$\"{a(\"X}\", $\"X{b}X\")} X\" + c", "a(,b)+c")]
    [InlineData("$@\"X \"\" \\ {a} X\" + b + @$\"{c}\"", "a+b+c")]
    [InlineData("$\"\"\"X { a } \"X\" { new { b } } \"\"\" + c", "anew{b}+c")]
    [InlineData("$$\"\"\"X {X} {{a}} {{{b}}} \"\"\" + c", "ab+c")]
    [InlineData("a[\"X\"u8] + @b", "a[u8]+@b")]
    public void Apply_Text_LeavesCodeWhereItWas(string text, string expected)
    {
        string code = CodeMask.Apply(text);
        Assert.Equal(expected, string.Concat(code.Where(c => !char.IsWhiteSpace(c))));
        Assert.Equal(text.Length, code.Length);
        Assert.All(Enumerable.Range(0, text.Length), i => Assert.True(code[i] == text[i] || (code[i] == ' ' && text[i] != '\n')));
    }

    [Fact]
    public void Apply_UnfinishedText_Ends()
    {
        string[] texts = ["\"X", "'", "/* X", "$\"{", "$\"{a", "\"\"\"X", "@\"X", "//", "$\"{a:X"];
        Assert.All(texts, t => Assert.Equal(t.Length, CodeMask.Apply(t).Length));
    }
}
