using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace RedisProxy.Notify;

/// <summary>
/// The header by which a receiver can verify that a message comes from a sender knowing the secret, and is not a replayed old one:
/// <c>t=1700000000,v1=5f8a…</c>, with the time in seconds since 1970 and, in hexadecimal, HMAC-SHA256 over that time, a dot and the body.
/// </summary>
internal static class WebhookSignature
{
    public const string Header = "X-RedisProxy-Signature";

    public static string Of(string secret, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        string seconds = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret));
        hmac.AppendData(Encoding.ASCII.GetBytes(seconds + "."));
        hmac.AppendData(body);
        return $"t={seconds},v1={Convert.ToHexStringLower(hmac.GetHashAndReset())}";
    }
}
