using System.ComponentModel;
using System.Net;
using System.Net.Sockets;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

using RedisProxy.Admin;
using RedisProxy.Configuration;
using RedisProxy.Failover;
using RedisProxy.Tls;
using RedisProxy.Topology;

namespace RedisProxy.Hosting;

/// <summary>Puts the parts together and runs them under the generic host, which brings signals, logging and, if wanted, Kestrel.</summary>
internal static class ProxyHost
{
    // Beyond the drain: closing the admin surface and the links to Sentinels.
    private static readonly TimeSpan StopReserve = TimeSpan.FromSeconds(10);

    /// <returns>0 after an orderly stop, 1 when it could not start or broke.</returns>
    public static async Task<int> RunAsync(ProxyOptions options, LogLevel logLevel, CancellationToken cancel)
    {
        using IHost host = await BuildAsync(options, logLevel, cancel);
        ProxyService service = host.Services.GetRequiredService<ProxyService>();
        ILogger log = host.Services.GetRequiredService<ILogger<ProxyService>>();
        try
        {
            await host.StartAsync(cancel);
            await host.WaitForShutdownAsync(cancel);
        }
        catch (Exception error) when (error is Win32Exception or SocketException or IOException)
        {
            HostingLog.CannotStart(log, error.Message);
            return 1;
        }

        return service.HasFailed ? 1 : 0;
    }

    private static async Task<IHost> BuildAsync(ProxyOptions options, LogLevel logLevel, CancellationToken cancel)
    {
        if (options.Admin.Bind is not { } bind)
        {
            HostApplicationBuilder plain = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
            AddServices(plain, options, logLevel);
            return plain.Build();
        }

        // Empty: no configuration sources of its own, so that an ASPNETCORE_… variable cannot open further ports.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        AddServices(builder, options, logLevel);
        IPAddress[] addresses = bind.Address is { } address ? [address] : await Dns.GetHostAddressesAsync(bind.Host, cancel);
        builder.WebHost.UseKestrelCore();
        builder.Services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            foreach (IPAddress listenOn in addresses)
            {
                kestrel.Listen(listenOn, bind.Port);
            }
        });
        builder.Services.AddRoutingCore();
        WebApplication app = builder.Build();
        HostCheck.Use(app, options.Admin);
        AdminEndpoints.Map(app);
        OperatorVerbs.Map(app);
        StatusPage.Map(app);
        return app;
    }

    private static void AddServices(IHostApplicationBuilder builder, ProxyOptions options, LogLevel logLevel)
    {
        AddLogging(builder.Logging, logLevel);
        IServiceCollection services = builder.Services;
        services.AddMetrics();
        services.AddSingleton(options);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(provider => CreateTls(options, provider));
        services.AddSingleton(provider => ContextOf(
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<TlsSetup>()));
        services.AddSingleton(provider => new TopologyService(options, provider.GetRequiredService<TopologyContext>()));
        services.AddSingleton(provider => CreateDataPlane(options, provider));
        services.AddSingleton(provider => CreateFailover(options, provider));
        services.AddSingleton<Readiness>();
        services.AddSingleton<Liveness>();
        services.AddSingleton<StatusReport>();
        services.AddSingleton<ProxyMetrics>();
        services.AddSingleton<PrometheusText>();
        services.AddSingleton<ProxyService>();
        services.AddHostedService(provider => provider.GetRequiredService<ProxyService>());
        services.Configure<ConsoleLifetimeOptions>(lifetime => lifetime.SuppressStatusMessages = true);
        services.Configure<HostOptions>(host =>
            host.ShutdownTimeout = options.Shutdown.MinDelay + options.Shutdown.DrainTimeout + StopReserve);
    }

    private static DataPlane CreateDataPlane(ProxyOptions options, IServiceProvider provider)
    {
        TopologyService topology = provider.GetRequiredService<TopologyService>();
        return new DataPlane(
            options,
            [.. options.Listeners.Select(topology.SourceOf)],
            provider.GetRequiredService<TlsSetup>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>().CreateLogger<DataPlane>());
    }

    private static LosslessFailover CreateFailover(ProxyOptions options, IServiceProvider provider) => new(
        options,
        provider.GetRequiredService<DataPlane>().Listeners,
        provider.GetRequiredService<TopologyContext>(),
        provider.GetRequiredService<ILoggerFactory>().CreateLogger<LosslessFailover>());

    private static TlsSetup CreateTls(ProxyOptions options, IServiceProvider provider)
    {
        var tls = new TlsSetup(options);
        ILogger log = provider.GetRequiredService<ILoggerFactory>().CreateLogger<TlsSetup>();
        tls.BeginLooking(provider.GetRequiredService<TimeProvider>(), log);
        return tls;
    }

    /// <summary>What the control plane needs of the world.</summary>
    public static TopologyContext ContextOf(TimeProvider time, ILoggerFactory loggers, TlsSetup tls) =>
        new(time, loggers) { BackendTls = tls.Backend, SentinelTls = tls.Sentinel };

    /// <summary>To standard output, one line each, in UTC.</summary>
    public static void AddLogging(ILoggingBuilder logging, LogLevel logLevel)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(logLevel);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });

        // A full pipe on standard output must not stop a loop that logs.
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite);
    }
}
