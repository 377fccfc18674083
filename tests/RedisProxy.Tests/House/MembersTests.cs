namespace RedisProxy.Tests.House;

public sealed class MembersTests
{
    private const string Sample =
        """
        using System;
        using Alias = System.Collections.Generic.List<(int A, int B)>;

        namespace Sample;

        [Serializable]
        internal sealed class First<T>(int size) : IDisposable
            where T : class
        {
            private const string Brace = "{";
            private static readonly int[] Table =
            [
                1,
                2,
            ];

            private readonly Func<int, int> _field = x =>
            {
                return x;
            };

            public int Automatic { get; private set; } = 3;

            public int Block
            {
                get => _field(1);
                set
                {
                    Automatic = value;
                }
            }

            public First()
                : this(1)
            {
            }

            // A comment does not count, attributes neither: {
            [Obsolete("no [ more")]
            [Conditional("DEBUG")]
            public static bool operator ==(First<T> a, First<T> b)
            {
                return true;
            }

            public void Long<TOther>(
                int a = 1,
                Func<int>? b = null)
                where TOther : struct
            {
                if (a == '}')
                {
                    Local();
                }

                void Local()
                {
                }
            }

            public int Arrow(int a) =>
                a switch
                {
                    1 => 2,
                    _ => 3,
                };

            public int this[int index] => index;

            public abstract void Bodiless();

            private enum Kind
            {
                A = 1,
                B,
            }

            private record struct Nested(int A)
            {
                public int Double => A * 2;
            }
        }
        """;

    [Fact]
    public void Find_EveryKindOfMember_WithItsLines()
    {
        IReadOnlyList<Member> members = Members.Find(new SourceFile("a.cs", Sample));
        (string Name, int Lines)[] expected =
        [
            ("Automatic", 1), ("Block", 8), ("First", 4), ("operator ==", 4), ("Long", 14), ("Arrow", 6), ("this", 1), ("Bodiless", 1),
            ("Double", 1),
        ];
        Assert.Equal(expected, members.Select(m => (m.Name, m.Lines)));
    }

    [Fact]
    public void Find_TopLevelStatements_DoesNotLoseTheTypesBelow()
    {
        const string Code = "if (args.Length > 0)\n{\n    return 1;\n}\n\nreturn 0;\n\nclass A\n{\n    void B()\n    {\n    }\n}\n";
        Assert.Contains(Members.Find(new SourceFile("a.cs", Code)), m => m is { Name: "B", Lines: 3 });
    }
}
