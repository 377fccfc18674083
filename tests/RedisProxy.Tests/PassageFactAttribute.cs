using System.Runtime.CompilerServices;

using RedisProxy.Tests.EventLoops;

namespace RedisProxy.Tests;

/// <summary>A test of connections that are passed on, which not every transport can. Skipped elsewhere.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PassageFactAttribute : FactAttribute
{
    public PassageFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = TestTransport.Current.PassesConnections ? null : "this transport passes no connections on";
}
