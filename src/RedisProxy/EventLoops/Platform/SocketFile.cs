namespace RedisProxy.EventLoops;

/// <summary>Who may connect to a unix socket, by its file.</summary>
/// <param name="Mode">Null: as the process's umask says.</param>
/// <param name="Group">A name or a number; null: the process's group.</param>
internal sealed record SocketFile(UnixFileMode? Mode, string? Group);
