using System.Globalization;
using System.Text.Json.Nodes;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

using RedisProxy.Admin;
using RedisProxy.CommandLine;
using RedisProxy.Configuration;
using RedisProxy.Hosting;
using RedisProxy.Tests.CommandLine;
using RedisProxy.Tests.Configuration;

namespace RedisProxy.Tests.Deploy;

/// <summary>What the program really offers, for comparison with what manifests say of it.</summary>
internal static class Product
{
    /// <summary>Where manifests mount the configuration.</summary>
    public const string ConfigurationFile = "/etc/redisproxy/proxy.json";

    public const string Program = "/app/RedisProxy";

    // Beyond the drain, as the host allows itself.
    private static readonly TimeSpan StopReserve = TimeSpan.FromSeconds(10);

    public static string Version => ShowVersion.Version;

    /// <summary>By the parser that the program uses.</summary>
    public static ProxyOptions Configuration(string json) => Configured.Good(Configured.Read(json));

    /// <summary>From SIGTERM to the end, at the longest.</summary>
    public static TimeSpan TimeToStop(ProxyOptions options) => options.Shutdown.MinDelay + options.Shutdown.DrainTimeout + StopReserve;

    /// <summary>Reads the arguments as the program would, with that configuration in the place where manifests mount it.</summary>
    public static async Task<CommandLineRun> RunAsync(IEnumerable<string> arguments, string json)
    {
        using var folder = new ScratchDirectory();
        folder.Write("mounted.json", json);
        return await CommandLineRun.OfAsync(
            folder.Path,
            [],
            _ => Task.FromResult(ExitCode.Ok),
            [.. arguments.Select(argument => argument == ConfigurationFile ? "mounted.json" : argument)]);
    }

    /// <summary>The paths that the admin surface answers to.</summary>
    public static IReadOnlyList<string?> AdminPaths()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        WebApplication app = builder.Build();
        AdminEndpoints.Map(app);
        OperatorVerbs.Map(app);
        StatusPage.Map(app);
        return [.. ((IEndpointRouteBuilder)app).DataSources
            .SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .Select(endpoint => endpoint.RoutePattern.RawText)];
    }

    public static int ListenerPort(ProxyOptions options) =>
        int.Parse(Assert.Single(options.Listeners).Bind.ToString().Split(':')[^1], CultureInfo.InvariantCulture);

    /// <summary>A list of words in a manifest.</summary>
    public static string[] Words(JsonNode? list) => [.. list!.AsArray().Select(word => word!.ToString())];
}
