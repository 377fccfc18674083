using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace RedisProxy.Tests.House;

/// <summary>
/// What belongs to one plane only: system calls to the loops, threads and framework sockets to the control plane. The portable transport
/// is made of framework sockets.
/// </summary>
internal static class PlaneRules
{
    private const string SocketSpace = "System.Net.Sockets";
    private const string PortableRoom = "EventLoops/Pipelines";

    private static readonly string[] ControlPlane = ["Actors", "Servers", "Topology", "SentinelFacade", "Admin", "Hosting", "CommandLine"];

    private static readonly string[] NativeCalls = ["DllImport", "DllImportAttribute", "LibraryImport", "LibraryImportAttribute"];

    // What wraps one counts as one. Enums and exceptions of that namespace are no sockets.
    private static readonly string[] SocketTypes = ["Socket", "TcpClient", "TcpListener", "UdpClient", "NetworkStream"];

    public static IEnumerable<Violation> Check(SourceFile file)
    {
        var violations = new List<Violation>();
        if (file.Layer != "EventLoops")
        {
            violations.AddRange(
                from attribute in file.Root.DescendantNodes().OfType<AttributeSyntax>()
                where NativeCalls.Contains(SourceFile.Compact(attribute.Name).Split('.')[^1])
                select file.Violates("only EventLoops calls native code", attribute));
        }

        if (!ControlPlane.Contains(file.Layer))
        {
            violations.AddRange(
                from name in file.DottedNames()
                let dotted = '.' + string.Join('.', name.Parts)
                where dotted.EndsWith(".Task.Run", StringComparison.Ordinal)
                    || dotted.EndsWith(".Task.Factory.StartNew", StringComparison.Ordinal)
                select file.Violates("only the control plane may use Task.Run", name.First.SpanStart));
            violations.AddRange(
                from position in file.Room == PortableRoom ? [] : FindSockets(file)
                select file.Violates("only the control plane may use System.Net.Sockets.Socket", position));
        }

        return violations;
    }

    private static IEnumerable<int> FindSockets(SourceFile file)
    {
        bool isImported = file.Usings.Any(static used => SourceFile.Compact(used.NamespaceOrType) == SocketSpace);
        return from name in file.DottedNames()
               let isQualified = string.Join('.', name.Parts.Take(3)) == SocketSpace && name.Parts is [_, _, _, var type, ..]
                   && SocketTypes.Contains(type)
               let isUnqualified = isImported && SocketTypes.Contains(name.Parts[0])
                   && name.First.Parent is IdentifierNameSyntax or GenericNameSyntax
                   && !name.First.GetPreviousToken().IsKind(SyntaxKind.ColonColonToken)
               where isQualified || isUnqualified
               select name.First.SpanStart;
    }
}
