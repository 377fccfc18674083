using System.ComponentModel;
using System.Net.Sockets;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

using RedisProxy.Admin;
using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.EventLoops;
using RedisProxy.Failover;
using RedisProxy.Notify;
using RedisProxy.Roles;
using RedisProxy.SentinelFacade;
using RedisProxy.Servers;
using RedisProxy.Topology;
using RedisProxy.Transport;

namespace RedisProxy.Hosting;

/// <summary>Composes the parts and runs them under the generic host, which provides signals, logging and, if configured, Kestrel.</summary>
internal static class ProxyHost
{
    private const string TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";

    /// <returns>An <see cref="ExitCode"/>: of an orderly stop, or of one that could not start or broke.</returns>
    public static async Task<int> RunAsync(HostedRun run, CancellationToken cancel)
    {
        SocketTransport transport = Transports.Of(run.Options.Loops.Transport);
        AdminSockets? admin = null;
        try
        {
            if (Successor.IsAwaited)
            {
                await LookFirstAsync(run, cancel);
            }

            using TakeOverTurn? turn = run.TakesOver
                ? await TakeOverTurn.AwaitAsync(run.Options.Listeners.Select(listener => listener.Bind), TimeProvider.System, cancel)
                : null;

            // First: a proxy started twice by mistake has bound nothing else by then.
            admin = await AdminSockets.BindAsync(run, transport, cancel);
            using IHost host = Build(run, transport, turn, admin);
            await host.StartAsync(cancel);
            using var secondSignal = new ForcedExit(host.Services.GetRequiredService<ILoggerFactory>());
            await host.WaitForShutdownAsync(cancel);
            return host.Services.GetRequiredService<ProxyService>().HasFailed ? ExitCode.Failure : ExitCode.Ok;
        }
        catch (Exception error) when (error is Win32Exception or SocketException or IOException)
        {
            using ILoggerFactory loggers = LoggerFactory.Create(logging => AddLogging(logging, run.LogLevel, run.LogsJson));
            HostingLog.CannotStart(loggers.CreateLogger<ProxyService>(), error.Message);
            return ExitCode.Failure;
        }
        finally
        {
            admin?.Close();
        }
    }

    private static async Task LookFirstAsync(HostedRun run, CancellationToken cancel)
    {
        using ILoggerFactory loggers = LoggerFactory.Create(logging => AddLogging(logging, run.LogLevel, run.LogsJson));
        using var tls = new TlsSetup(run.Options);
        TopologyContext context = ContextOf(TimeProvider.System, NullLoggerFactory.Instance, tls);
        await FirstLook.FindMastersAsync(run.Options, context, loggers.CreateLogger<ProxyService>(), cancel);
    }

    private static IHost Build(HostedRun run, SocketTransport transport, TakeOverTurn? turn, AdminSockets admin)
    {
        if (admin.All.Count == 0)
        {
            HostApplicationBuilder plain = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
            AddServices(plain, run, transport, turn, admin);
            return plain.Build();
        }

        // Empty: no configuration sources of its own, so that an ASPNETCORE_… variable cannot open further ports.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        AddServices(builder, run, transport, turn, admin);
        builder.Services.AddSingleton<IConnectionListenerFactory>(provider => new AdminTransport(
            ActivatorUtilities.CreateInstance<SocketTransportFactory>(provider), provider.GetRequiredService<AdminConnections>()));
        builder.WebHost.UseKestrelCore();
        builder.Services.Configure<KestrelServerOptions>(kestrel => AdminServer.Configure(
            kestrel, admin.Everything, admin.Metrics, kestrel.ApplicationServices.GetRequiredService<TlsSetup>().Admin));
        builder.Services.AddRoutingCore();
        WebApplication app = builder.Build();
        AdminServer.Watch(app);
        MetricsAddress.Restrict(app);
        HostCheck.Use(app, run.Options.Admin);
        AdminEndpoints.Map(app);
        OperatorVerbs.Map(app);
        StatusPage.Map(app);
        return app;
    }

    private static void AddServices(
        IHostApplicationBuilder builder, HostedRun run, SocketTransport transport, TakeOverTurn? turn, AdminSockets admin)
    {
        ProxyOptions options = run.Options;
        AddLogging(builder.Logging, run.LogLevel, run.LogsJson);
        IServiceCollection services = builder.Services;
        services.AddMetrics();
        services.AddSingleton(new RunningOptions(options));
        services.AddTransient(provider => provider.GetRequiredService<RunningOptions>().Current);
        services.AddSingleton<TimeProvider>(new BootTime());
        services.AddSingleton(provider => CreateTls(options, provider));
        services.AddSingleton(provider => ContextOf(
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<TlsSetup>()));
        services.AddSingleton(provider => new TopologyService(options, provider.GetRequiredService<TopologyContext>()));
        services.AddSingleton(provider => new PortTakeover(
            transport, turn, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<PortTakeover>>()));
        services.AddSingleton(provider => CreateForwarder(options, provider));
        services.AddSingleton(provider => CreateFailover(provider));
        services.AddSingleton<PatientFailover>();
        services.AddSingleton<Readiness>();
        services.AddSingleton<Liveness>();
        services.AddSingleton<StatusReport>();
        services.AddSingleton<StatusHistory>();
        services.AddSingleton(new ConfigSource(run.Sources));
        services.AddSingleton<OtlpPushes>();
        services.AddSingleton(provider => new Notifications(
            options.Notify, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<Notifications>>()));
        services.AddSingleton<AuditWatch>();
        services.AddSingleton(CreateRoles);
        services.AddSingleton(CreateFacade);
        services.AddSingleton<FacadeService>();
        services.AddSingleton<KeySampling>();
        services.AddSingleton<AdminMetrics>();
        services.AddSingleton<ProxyMetrics>();
        services.AddSingleton<PrometheusRegistry>();
        services.AddSingleton(admin);
        services.AddSingleton(_ => new AdminConnections((int)Descriptors.OfAdmin(options.Admin)));
        services.AddSingleton<OperatorAccess>();
        services.AddSingleton(provider => SystemdNotifier.OfThisProcess(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => CreateReload(run, provider));
        services.AddSingleton<Successor>();
        services.AddSingleton<Supervision>();
        services.AddSingleton<ProxyService>();
        services.AddHostedService(provider => provider.GetRequiredService<ProxyService>());
        services.AddHostedService(provider => provider.GetRequiredService<Supervision>());
        services.AddHostedService<HangUp>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditWatch>());
        if (admin is not null)
        {
            services.AddHostedService(provider => provider.GetRequiredService<StatusHistory>());
        }

        services.AddHostedService(provider => CreateSecretWatch(provider));
        services.AddHostedService<RoleService>();
        services.AddHostedService<NotificationService>();
        if (options.Otlp.Endpoint is not null)
        {
            // Otherwise nothing of OpenTelemetry is touched: no memory, no startup time.
            services.AddHostedService(provider => ActivatorUtilities.CreateInstance<OtlpPush>(provider, options.Otlp));
        }

        services.Configure<ConsoleLifetimeOptions>(lifetime => lifetime.SuppressStatusMessages = true);
        services.Configure<HostOptions>(host => host.ShutdownTimeout = StopTime.Most(options));
    }

    private static ConfigurationReload CreateReload(HostedRun run, IServiceProvider provider)
    {
        // The host reads its options when it stops.
        HostOptions host = provider.GetRequiredService<IOptions<HostOptions>>().Value;
        Notifications notifications = provider.GetRequiredService<Notifications>();
        return new ConfigurationReload(
            provider.GetRequiredService<RunningOptions>(),
            run.Reading,
            run.ReadAgain,
            provider.GetRequiredService<TopologyService>(),
            provider.GetRequiredService<Forwarder>(),
            provider.GetRequiredService<ILogger<ConfigurationReload>>())
        {
            OnTaken = now =>
            {
                host.ShutdownTimeout = StopTime.Most(now);
                provider.GetRequiredService<FacadeServer>().Follow();
                notifications.Use(now.Notify);
            },
        };
    }

    private static SecretWatch CreateSecretWatch(IServiceProvider provider)
    {
        ConfigurationReload reload = provider.GetRequiredService<ConfigurationReload>();
        return new SecretWatch(
            () => reload.SecretFiles,
            reload.RenewSecretsAsync,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SecretWatch>>());
    }

    private static Forwarder CreateForwarder(ProxyOptions options, IServiceProvider provider)
    {
        TopologyService topology = provider.GetRequiredService<TopologyService>();
        return new Forwarder(
            options,
            [.. options.Listeners.Select(topology.SourceOf)],
            provider.GetRequiredService<TlsSetup>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<PortTakeover>(),
            provider.GetRequiredService<ILogger<Forwarder>>());
    }

    private static LosslessFailover CreateFailover(IServiceProvider provider) => new(
        provider.GetRequiredService<RunningOptions>(),
        provider.GetRequiredService<Forwarder>(),
        provider.GetRequiredService<TopologyContext>(),
        provider.GetRequiredService<ILogger<LosslessFailover>>());

    private static RoleKeeper CreateRoles(IServiceProvider provider)
    {
        TopologyService topology = provider.GetRequiredService<TopologyService>();
        return new RoleKeeper(
            provider.GetRequiredService<RunningOptions>(),
            () => topology.Sources,
            provider.GetRequiredService<TopologyContext>(),
            provider.GetRequiredService<ILogger<RoleKeeper>>());
    }

    private static FacadeServer CreateFacade(IServiceProvider provider)
    {
        TopologyService topology = provider.GetRequiredService<TopologyService>();
        return new FacadeServer(
            provider.GetRequiredService<RunningOptions>(),
            () => topology.Sources,
            provider.GetRequiredService<TimeProvider>(),
            BuildInfo.Version,
            provider.GetRequiredService<ILogger<FacadeServer>>())
        {
            Tls = provider.GetRequiredService<TlsSetup>().Facade,
        };
    }

    private static TlsSetup CreateTls(ProxyOptions options, IServiceProvider provider)
    {
        var tls = new TlsSetup(options);
        ILogger log = provider.GetRequiredService<ILoggerFactory>().CreateLogger<TlsSetup>();
        tls.BeginLooking(provider.GetRequiredService<TimeProvider>(), log);
        return tls;
    }

    /// <summary>The environment of the control plane.</summary>
    public static TopologyContext ContextOf(TimeProvider time, ILoggerFactory loggers, TlsSetup tls) =>
        new(time, loggers) { BackendTls = tls.Backend, SentinelTls = tls.Sentinel };

    /// <summary>To standard output, one line each, in UTC.</summary>
    public static void AddLogging(ILoggingBuilder logging, LogLevel logLevel, bool asJson = false)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(logLevel);
        logging.AddFilter("Microsoft", LogLevel.Warning);

        // What keeps the host from starting is logged once, without a stack, where it is caught.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        if (asJson)
        {
            logging.AddJsonConsole(static console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = TimestampFormat;
            });
        }
        else
        {
            logging.AddSimpleConsole(static console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = $"{TimestampFormat} ";
            });
        }

        // A full pipe on standard output must not stop a loop that logs.
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite);
    }
}
