namespace RedisProxy.Tests.House;

public sealed class PlaneRulesTests
{
    private const string Sockets = "using System.Net.Sockets;\n";

    [Theory]
    [InlineData("Sessions", "[DllImport(\"libc\")] static extern int close(int fd);")]
    [InlineData("Hosting", "[LibraryImport(\"libc\")] static partial int close(int fd);")]
    [InlineData("", "[System.Runtime.InteropServices.DllImportAttribute(\"libc\")] static extern int close(int fd);")]
    [InlineData("Sessions", "Task.Run(() => 1);")]
    [InlineData("Failover", "System.Threading.Tasks.Task . Run(() => 1);")]
    [InlineData("EventLoops", "Task.Factory.StartNew(() => 1);")]
    [InlineData("Sessions", Sockets + "class A { Socket? _socket; }")]
    [InlineData("EventLoops", Sockets + "class A { void B() { using var listener = new TcpListener(0); } }")]
    [InlineData("Failover", "class A { System.Net.Sockets.Socket? _socket; }")]
    [InlineData("Resp", Sockets + "class A { Task B(NetworkStream stream) => null; }")]
    public void Check_OutOfItsPlane_IsAViolation(string layer, string code)
    {
        Violation violation = Assert.Single(Check(layer, code));
        Assert.Equal(code.StartsWith(Sockets, StringComparison.Ordinal) ? 2 : 1, violation.Line);
    }

    [Theory]
    [InlineData("EventLoops", "[LibraryImport(\"libc\")] static partial int close(int fd);")]
    [InlineData("EventLoops/Pipelines", Sockets + "class A { Socket? _socket; }")]
    [InlineData("Topology", Sockets + "class A { Socket? _socket; Task B() => Task.Run(() => _socket.SetRawSocketOption(6, 18, [])); }")]
    [InlineData("Admin", Sockets + "class A { Task B(Socket socket) => Task.Run(socket.Close); }")]
    [InlineData("Hosting", "Task.Run(() => 1);")]
    [InlineData("CommandLine", "Task.Run(() => 1);")]
    [InlineData("Sessions", Sockets + "class A { SocketError _error; AddressFamily _family; int Socketry; }")]
    [InlineData("Sessions", "class A { Socket? _ownType; } class Socket;")]
    [InlineData("Sessions", "// Task.Run and DllImport\nclass A { string B => \"Task.Run(Socket)\"; void Run() => this.Run(); }")]
    public void Check_InItsPlane_IsAllowed(string layer, string code) => Assert.Empty(Check(layer, code));

    private static IEnumerable<Violation> Check(string layer, string code) =>
        PlaneRules.Check(new SourceFile(layer.Length > 0 ? $"src/RedisProxy/{layer}/Sample.cs" : "src/RedisProxy/Program.cs", code));
}
