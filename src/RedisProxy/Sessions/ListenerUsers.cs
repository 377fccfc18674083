using System.Security.Cryptography;
using System.Text;

using RedisProxy.Configuration;

namespace RedisProxy.Sessions;

/// <summary>The users of a listener that authenticates its clients, and their common credentials at the master. Immutable.</summary>
internal sealed class ListenerUsers
{
    private readonly (byte[] Name, byte[] Password)[] _users;

    public ListenerUsers(IReadOnlyList<UserOptions> users, UserOptions? backendUser)
    {
        _users = [.. users.Select(user => (Digest(Bytes(user.Username)), Digest(Bytes(user.Password))))];
        BackendCredentials = backendUser is null ? null : [Bytes(backendUser.Username), Bytes(backendUser.Password)];
    }

    /// <summary>Clients must authenticate. Otherwise any credentials are accepted.</summary>
    public bool AsksClients => _users.Length > 0;

    /// <summary>The arguments of AUTH at the master; null: its default user needs no password.</summary>
    public byte[][]? BackendCredentials { get; }

    /// <summary>Takes the same time for a wrong name or password as for a right one.</summary>
    public bool Accepts(byte[] name, byte[] password)
    {
        byte[] givenName = Digest(name);
        byte[] givenPassword = Digest(password);
        bool isOne = !AsksClients;
        foreach ((byte[] ownName, byte[] ownPassword) in _users)
        {
            isOne |= CryptographicOperations.FixedTimeEquals(ownName, givenName)
                & CryptographicOperations.FixedTimeEquals(ownPassword, givenPassword);
        }

        return isOne;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    // Equal lengths, so that the comparison's time tells nothing about the secret.
    private static byte[] Digest(byte[] secret) => SHA256.HashData(secret);
}
