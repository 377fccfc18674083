using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Container;

/// <summary>
/// A registry with one image in it, whatever name it is asked for: as much of the distribution API as it takes to pull. The SDK takes base
/// images from registries only.
/// </summary>
/// <param name="layout">A folder with the image as an OCI layout.</param>
internal sealed class ImageRegistry(string layout) : IAsyncDisposable
{
    private readonly int _port = FreePorts.Take();
    private WebApplication? _app;

    public string Host => string.Create(CultureInfo.InvariantCulture, $"localhost:{_port}");

    public Task StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.Listen(IPAddress.Loopback, _port));
        _app = builder.Build();
        _app.Run(AnswerAsync);
        return _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    /// <summary>Paths are <c>/v2/</c>, <c>/v2/NAME/manifests/TAG</c> and <c>/v2/NAME/blobs/DIGEST</c>; names contain slashes.</summary>
    private async Task AnswerAsync(HttpContext context)
    {
        string[] words = context.Request.Path.Value!.Split('/');
        if (words is not [.., var kind, var reference] || kind is not ("manifests" or "blobs"))
        {
            return;
        }

        JsonNode manifest = JsonNode.Parse(await File.ReadAllTextAsync($"{layout}/index.json"))!["manifests"]![0]!;
        string digest = reference.StartsWith("sha256:", StringComparison.Ordinal) ? reference : (string)manifest["digest"]!;
        context.Response.ContentType = kind == "manifests" ? (string)manifest["mediaType"]! : "application/octet-stream";
        context.Response.Headers["Docker-Content-Digest"] = digest;
        var blob = new FileInfo($"{layout}/blobs/{digest.Replace(':', '/')}");
        context.Response.ContentLength = blob.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.SendFileAsync(blob.FullName);
        }
    }
}
