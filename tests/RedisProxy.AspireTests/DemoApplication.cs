using Aspire.Hosting;
using Aspire.Hosting.Testing;

namespace RedisProxy.AspireTests;

/// <summary>The demo, started once.</summary>
#pragma warning disable CA1001 // IAsyncLifetime disposes of them.
public sealed class DemoApplication : IAsyncLifetime
#pragma warning restore CA1001
{
    /// <summary>Not the time that is allowed, but the time after which a test machine is taken for broken.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    internal DistributedApplication App { get; private set; } = null!;

    internal HttpClient Counter { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        IDistributedApplicationTestingBuilder builder =
            await DistributedApplicationTestingBuilder.CreateAsync<Projects.RedisProxy_Demo_AppHost>();
        App = await builder.BuildAsync().WaitAsync(Patience, TimeProvider.System);
        await App.StartAsync().WaitAsync(Patience, TimeProvider.System);
        await App.ResourceNotifications.WaitForResourceHealthyAsync("counter").WaitAsync(Patience, TimeProvider.System);
        Counter = App.CreateHttpClient("counter");
    }

    public async ValueTask DisposeAsync()
    {
        Counter.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
    }
}
