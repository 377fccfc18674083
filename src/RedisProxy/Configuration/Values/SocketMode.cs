using System.Diagnostics.CodeAnalysis;

namespace RedisProxy.Configuration;

/// <summary>The permissions of a unix socket's file, in octal as for chmod: who may write to it may connect.</summary>
internal sealed record SocketMode(UnixFileMode Bits)
{
    public static readonly SocketMode OwnerOnly = new(UnixFileMode.UserRead | UnixFileMode.UserWrite);

    public static ValueRule<SocketMode> Rule { get; } = new(Parse) { Kind = ValueKind.String, Pattern = "^0?[0-7]{3}$" };

    public override string ToString() => $"0{Convert.ToString((int)Bits, 8).PadLeft(3, '0')}";

    private static string? Parse(string text, [MaybeNull] out SocketMode value)
    {
        value = null;
        string digits = text.Length == 4 && text[0] == '0' ? text[1..] : text;
        if (digits.Length != 3 || digits.AsSpan().ContainsAnyExceptInRange('0', '7'))
        {
            return $"{QuotedValue.Of(text)} is not a mode; expected octal permissions such as \"0660\"";
        }

        value = new SocketMode((UnixFileMode)Convert.ToInt32(digits, 8));
        return null;
    }
}
