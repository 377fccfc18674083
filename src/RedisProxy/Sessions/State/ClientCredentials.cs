namespace RedisProxy.Sessions;

/// <summary>
/// The credentials with which a client has authenticated. None if the proxy authenticates for it, or the server requires no authentication.
/// </summary>
/// <param name="Order">Grows with each authentication of the client.</param>
/// <param name="Username">Null: password only, which means the default user.</param>
/// <param name="Password">As sent.</param>
internal sealed record ClientCredentials(int Order, byte[]? Username, byte[] Password)
{
    public static ReadOnlySpan<byte> Default => "default"u8;

    public byte[] Name => Username ?? Default.ToArray();

    /// <summary>Compares names only: the password may have been changed since, and the newest one counts.</summary>
    public bool IsSameUser(ClientCredentials? other) => other is not null && other.Name.AsSpan().SequenceEqual(Name);
}
