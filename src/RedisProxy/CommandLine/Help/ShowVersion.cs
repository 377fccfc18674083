using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;

using RedisProxy.Hosting;

namespace RedisProxy.CommandLine;

/// <summary><c>--version</c>: of this assembly, whatever program loaded it.</summary>
internal sealed class ShowVersion : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    /// <summary>The program's name, as typed.</summary>
    public const string ProgramName = "RedisProxy";

    /// <summary>Like <c>0.1.0</c>, without the commit hash that a build may append.</summary>
    public static string Version { get; } =
        typeof(ShowVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.WriteLine($"{ProgramName} {Version}");
        return ExitCode.Ok;
    }
}
