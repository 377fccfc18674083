namespace RedisProxy.Configuration;

/// <summary>What <c>admin.token</c> may be: a client has to send it in an HTTP header, which loses or refuses some characters.</summary>
internal static class BearerToken
{
    /// <returns>The message that follows the key, without the token; null: it can be sent.</returns>
    public static string? Complaint(string token) =>
        token.Any(char.IsControl) ? "contains a control character; expected a token that an HTTP header can carry"
        : token.Trim() != token ? "begins or ends with a blank, which an HTTP header loses; expected a token without"
        : null;
}
