using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;

using RedisProxy.Hosting;

namespace RedisProxy.CommandLine;

/// <summary><c>--version</c>: of this assembly, whatever program it was started by.</summary>
internal sealed class ShowVersion : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    /// <summary>The program's, as people type it.</summary>
    public const string ProgramName = "RedisProxy";

    /// <summary>As in <c>0.1.0</c>, without the hash of the commit that a build may add.</summary>
    public static string Version { get; } =
        typeof(ShowVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.WriteLine($"{ProgramName} {Version}");
        return ExitCode.Ok;
    }
}
