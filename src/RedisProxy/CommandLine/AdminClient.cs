using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;

using RedisProxy.Configuration;
using RedisProxy.Hosting;

namespace RedisProxy.CommandLine;

/// <summary>Sends a request to a running proxy's admin endpoint and prints the response.</summary>
internal static class AdminClient
{
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(15);

    // A failover may have to wait for Sentinel several times, after it has waited for a minute to begin.
    private static readonly TimeSpan MaxTimeOfVerb = TimeSpan.FromSeconds(150);

    /// <returns>An <see cref="ExitCode"/>; the response goes to <paramref name="output"/>, an error to <paramref name="error"/>.</returns>
    public static async Task<int> AskAsync(
        BindAddress admin, AdminQuestion asked, TextWriter output, TextWriter error, CancellationToken cancel)
    {
        // An endpoint on all addresses is reached over loopback; over a Unix socket the host name does not matter.
        HostEndpoint tcp = admin.Tcp ?? new HostEndpoint("localhost", 80);
        HostEndpoint target = tcp.IsAnyAddress ? tcp with { Host = "127.0.0.1" } : tcp;
        string shown = admin.UnixPath is null ? target.ToString() : admin.ToString();
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectTimeout = MaxTime,

            // A token may have any letters.
            RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
        };
        if (admin.UnixPath is { } path)
        {
            handler.ConnectCallback = (_, cancelConnect) => ConnectAsync(path, cancelConnect);
        }

        if (asked.Certificate is { } own)
        {
            // Its name does not matter: it may be reached by another address than its clients use.
            handler.SslOptions.RemoteCertificateValidationCallback = (_, shownOne, _, _) =>
                shownOne is not null && shownOne.GetCertHash(HashAlgorithmName.SHA256).AsSpan()
                    .SequenceEqual(own.GetCertHash(HashAlgorithmName.SHA256));
        }

        string scheme = asked.IsSecure && admin.Tcp is not null ? "https" : "http";
        using var http = new HttpClient(handler) { Timeout = asked.MaxTime ?? (asked.IsVerb ? MaxTimeOfVerb : MaxTime) };
        using var request = new HttpRequestMessage(asked.IsVerb ? HttpMethod.Post : HttpMethod.Get, $"{scheme}://{target}/{asked.Path}");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(asked.IsJson ? "application/json" : "text/plain"));
        if (asked is { ShowsToken: true, Token: { } token })
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, cancel);
            return await ShowAsync(response, shown, output, error, cancel);
        }
        catch (HttpRequestException refused)
        {
            string reason = admin.UnixPath is { } file
                ? ReasonAt(file, refused)
                : (refused.InnerException as AuthenticationException)?.Message ?? refused.Message;
            await error.WriteLineAsync($"No proxy answers at {shown} ({reason}). Is it running, and is this its admin.bind?");
            return ExitCode.Failure;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Ctrl-C: the user knows. Whether the proxy has done what it was asked is unknown.
            return ExitCode.Failure;
        }
        catch (TaskCanceledException)
        {
            await error.WriteLineAsync($"The proxy at {shown} did not answer within {http.Timeout.TotalSeconds:0} s.");
            return ExitCode.Failure;
        }
    }

    private static async Task<int> ShowAsync(
        HttpResponseMessage response, string shown, TextWriter output, TextWriter error, CancellationToken cancel)
    {
        string body = (await response.Content.ReadAsStringAsync(cancel)).TrimEnd('\n');
        if (!IsOfProxy(response.Content.Headers.ContentType?.MediaType, body))
        {
            string status = $"{(int)response.StatusCode} {response.ReasonPhrase}";
            await error.WriteLineAsync(
                $"What answers at {shown} is no RedisProxy that knows this command ({status}). Is this its admin.bind?");
            return ExitCode.Failure;
        }

        bool isOk = response.IsSuccessStatusCode;
        await (isOk ? output : error).WriteLineAsync(isOk ? body : $"The proxy at {shown} answers: {body}");
        return isOk ? ExitCode.Ok : ExitCode.Failure;
    }

    // Another web server has pages even for what it does not know, and an older proxy has nothing to say of it.
    private static bool IsOfProxy(string? mediaType, string body) =>
        body.Length > 0 && mediaType is "text/plain" or "application/json";

    private static string ReasonAt(string path, HttpRequestException refused) =>
        Directory.Exists(path) ? "this is a folder"
        : !File.Exists(path) ? "there is no such file"
        : refused.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused } ? "no process listens at this file"
        : refused.InnerException?.Message ?? refused.Message;

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
