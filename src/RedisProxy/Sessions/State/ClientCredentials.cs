namespace RedisProxy.Sessions;

/// <summary>
/// As whom a client has authenticated. Where the proxy does that for it, or the server asks for nothing, there is none.
/// </summary>
/// <param name="Order">Grows with each time that the client authenticates.</param>
/// <param name="Username">Null: by its password alone, so it is the default user.</param>
/// <param name="Password">As it was said.</param>
internal sealed record ClientCredentials(int Order, byte[]? Username, byte[] Password)
{
    private static ReadOnlySpan<byte> Default => "default"u8;

    public byte[] Name => Username ?? Default.ToArray();

    /// <summary>The password may have been changed since, and the newest one counts.</summary>
    public bool IsSameUser(ClientCredentials? other) => other is not null && other.Name.AsSpan().SequenceEqual(Name);
}
