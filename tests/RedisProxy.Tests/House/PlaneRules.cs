using System.Text.RegularExpressions;

namespace RedisProxy.Tests.House;

/// <summary>What belongs to one plane only: system calls to the loops, threads and framework sockets to the control plane.</summary>
internal static partial class PlaneRules
{
    private static readonly string[] ControlPlane = ["Actors", "Servers", "Topology", "SentinelFacade", "Admin", "Hosting", "CommandLine"];

    public static IEnumerable<Violation> Check(SourceFile file)
    {
        var violations = new List<Violation>();
        if (file.Layer != "EventLoops")
        {
            violations.AddRange(Find(file, NativeCall(), "only EventLoops calls native code"));
        }

        if (!ControlPlane.Contains(file.Layer))
        {
            violations.AddRange(Find(file, ThreadPoolWork(), "only the control plane may use Task.Run"));
            violations.AddRange(Find(file, QualifiedSocket(), "only the control plane may use System.Net.Sockets.Socket"));
            if (SocketsUsing().IsMatch(file.Code))
            {
                violations.AddRange(Find(file, Socket(), "only the control plane may use System.Net.Sockets.Socket"));
            }
        }

        return violations;
    }

    private static IEnumerable<Violation> Find(SourceFile file, Regex regex, string rule) =>
        regex.Matches(file.Code).Select(m => file.Violates(rule, m.Index));

    [GeneratedRegex(@"\b(DllImport|LibraryImport)(Attribute)?\b")]
    private static partial Regex NativeCall();

    [GeneratedRegex(@"\bTask\s*\.\s*(Run|Factory\s*\.\s*StartNew)\b")]
    private static partial Regex ThreadPoolWork();

    [GeneratedRegex(@"\busing\s+(static\s+)?System\.Net\.Sockets\b")]
    private static partial Regex SocketsUsing();

    // What wraps one counts as one. Enums and exceptions of that namespace are no sockets.
    [GeneratedRegex(@"(?<![\w.])(Socket|TcpClient|TcpListener|UdpClient|NetworkStream)\b")]
    private static partial Regex Socket();

    [GeneratedRegex(@"\bSystem\s*\.\s*Net\s*\.\s*Sockets\s*\.\s*(Socket|TcpClient|TcpListener|UdpClient|NetworkStream)\b")]
    private static partial Regex QualifiedSocket();
}
