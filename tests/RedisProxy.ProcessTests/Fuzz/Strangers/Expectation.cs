using System.Text;

namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>One reply: what it is exactly, or how it begins and what it contains where the rest is the server's business.</summary>
internal sealed record Expectation(byte[]? Exact, string Kinds = "", string Contains = "")
{
    public static Expectation Of(byte[] exact) => new(exact);

    /// <param name="kinds">Its first byte is one of these.</param>
    /// <param name="contains">The reply names its owner where it can.</param>
    public static Expectation Like(string kinds, string contains = "") => new(null, kinds, contains);

    public bool Accepts(ReadOnlySpan<byte> frame) => Exact is { } exact
        ? frame.SequenceEqual(exact)
        : Kinds.Contains((char)frame[0], StringComparison.Ordinal) && frame.IndexOf(Encoding.Latin1.GetBytes(Contains)) >= 0;

    public override string ToString() => Exact is { } exact
        ? Frames.Show(Encoding.Latin1.GetString(exact))
        : $"one of {Kinds} with '{Contains}'";
}
