namespace RedisProxy.Tests.Notify;

/// <summary>A script of the shell that may be executed.</summary>
internal static class ScriptFile
{
    public static void Write(string path, string commands)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException();
        }

        File.WriteAllText(path, $"#!/bin/sh\n{commands}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
