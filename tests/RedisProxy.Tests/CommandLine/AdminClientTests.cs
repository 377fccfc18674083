using System.Net;
using System.Net.Sockets;
using System.Text;

using RedisProxy.CommandLine;
using RedisProxy.Configuration;
using RedisProxy.Hosting;
using RedisProxy.Testing;

namespace RedisProxy.Tests.CommandLine;

/// <summary>What a client command says of an admin address where no proxy answers.</summary>
public sealed class AdminClientTests
{
    [LinuxFact]
    public async Task UnixPath_WhereNobodyListens_IsCalledWhatItIs()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("admin.sock");
        Assert.Equal("there is no such file", await ReasonAtAsync(file));
        Assert.Equal("this is a folder", await ReasonAtAsync(folder.Path));
        await File.WriteAllTextAsync(file, "");
        Assert.Equal("no process listens at this file", await ReasonAtAsync(file));
    }

    /// <summary>Such as another web server, or a proxy of a version without the command.</summary>
    [Theory]
    [InlineData("200 OK", "text/html", "<html>")]
    [InlineData("404 Not Found", "text/html", "<html>")]
    [InlineData("404 Not Found", null, "")]
    [InlineData("200 OK", "text/plain", "")]
    public async Task Stranger_IsNotTakenForAProxy(string status, string? type, string body)
    {
        (int exitCode, string output, string error, _, int port) = await AskAsync(status, type, body, token: null);
        Assert.Equal(
            (ExitCode.Failure, "", $"What answers at 127.0.0.1:{port} is no RedisProxy that knows this command ({status}). "
                + $"Is this its admin.bind?{Environment.NewLine}"),
            (exitCode, output, error));
    }

    [Theory]
    [InlineData("s3cret")]
    [InlineData("schl\u00fcssel")]
    public async Task Token_IsSentAsItIs(string token)
    {
        (int exitCode, string output, _, string request, _) = await AskAsync("200 OK", "text/plain; charset=utf-8", "resumed\n", token);
        Assert.Equal((ExitCode.Ok, $"resumed{Environment.NewLine}"), (exitCode, output));
        Assert.Contains($"\r\nAuthorization: Bearer {token}\r\n", request, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output, string Error, string Request, int Port)> AskAsync(
        string status, string? type, string body, string? token)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = (IPEndPoint)listener.LocalEndpoint;
        Task<string> served = ServeAsync(listener, status, type, body, cancel);
        Assert.True(BindAddress.TryParse(address.ToString(), out BindAddress? admin));
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var question = new AdminQuestion("status", IsJson: false) { ShowsToken = true, Token = token };
        int exitCode = await AdminClient.AskAsync(admin, question, output, error, cancel);
        return (exitCode, output.ToString(), error.ToString(), await served, address.Port);
    }

    private static async Task<string> ServeAsync(
        TcpListener listener, string status, string? type, string body, CancellationToken cancel)
    {
        using TcpClient client = await listener.AcceptTcpClientAsync(cancel);
        NetworkStream stream = client.GetStream();
        byte[] buffer = new byte[4096];
        string request = "";
        while (!request.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            request += Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer, cancel));
        }

        string contentType = type is null ? "" : $"Content-Type: {type}\r\n";
        await stream.WriteAsync(
            Encoding.UTF8.GetBytes($"HTTP/1.1 {status}\r\n{contentType}Content-Length: {body.Length}\r\n\r\n{body}"), cancel);
        return request;
    }

    private static async Task<string> ReasonAtAsync(string path)
    {
        Assert.True(BindAddress.TryParse(BindAddress.UnixPrefix + path, out BindAddress? admin));
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var question = new AdminQuestion("status", IsJson: false);
        Assert.Equal(ExitCode.Failure, await AdminClient.AskAsync(admin, question, output, error, TestContext.Current.CancellationToken));
        string[] said = error.ToString().Split('(', ')');
        Assert.Equal((3, $"No proxy answers at unix:{path} "), (said.Length, said[0]));
        return said[1];
    }
}
