using System.Globalization;

namespace RedisProxy.Tests.House;

/// <summary>The mutations fit the code of today and name tests that exist, so that the long run does not find out.</summary>
public sealed class MutationTests
{
    private const string TestsMark = "# tests: ";

    public static TheoryData<string> Patches =>
    [
        .. new DirectoryInfo(Path.Combine(SourceTree.Root, "tests", "mutations")).EnumerateFiles("*.patch")
            .Select(static file => file.Name).Order(),
    ];

    [Theory]
    [MemberData(nameof(Patches))]
    public void Patch_Fits(string name)
    {
        string[] lines = File.ReadAllLines(Path.Combine(SourceTree.Root, "tests", "mutations", name));
        string file = "";
        int hunks = 0;
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("--- a/", StringComparison.Ordinal))
            {
                file = File.ReadAllText(Path.Combine(SourceTree.Root, lines[i]["--- a/".Length..]));
            }
            else if (lines[i].StartsWith("@@ ", StringComparison.Ordinal))
            {
                string[] hunk = [.. lines.Skip(i + 1).TakeWhile(static line => line is "" or [' ' or '-' or '+', ..])];
                string[] old = [.. hunk.TakeWhile(static line => !line.StartsWith("--- a/", StringComparison.Ordinal))
                    .Where(static line => line is not ['+', ..]).Select(static line => line is "" ? "" : line[1..])];
                Assert.Contains(hunk, static line => line is ['+' or '-', ..]);
                Assert.Equal((old.Length, old.Length + Excess(hunk)), LengthsIn(lines[i]));
                Assert.Contains(string.Join('\n', old), file, StringComparison.Ordinal);
                hunks++;
            }
        }

        Assert.NotEqual(0, hunks);
    }

    [Theory]
    [MemberData(nameof(Patches))]
    public void Patch_NamesTestsThatExist(string name)
    {
        string first = File.ReadLines(Path.Combine(SourceTree.Root, "tests", "mutations", name)).First();
        if (!first.StartsWith(TestsMark, StringComparison.Ordinal))
        {
            return;
        }

        Assert.All(first[TestsMark.Length..].Split('|'), term =>
        {
            string part = Assert.IsType<string>(term.Split('~', 2) is ["FullyQualifiedName", var text] ? text : null);
            Assert.Contains(TestNames.All, test => test.Contains(part, StringComparison.Ordinal));
        });
    }

    private static int Excess(string[] hunk) =>
        hunk.Count(static line => line is ['+', ..] && !line.StartsWith("+++ b/", StringComparison.Ordinal))
        - hunk.Count(static line => line is ['-', ..] && !line.StartsWith("--- a/", StringComparison.Ordinal));

    // @@ -from,length +from,length @@; a length of 1 is left out.
    private static (int Old, int New) LengthsIn(string header)
    {
        int[] lengths = [.. header.Split(' ')[1..3].Select(static range => range.Split(',') is [_, var length] ? Number(length) : 1)];
        return (lengths[0], lengths[1]);
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
