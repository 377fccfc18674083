// An application and its Redis, in Aspire: dotnet run --project demo/RedisProxy.Demo.AppHost, and open the dashboard that it names.
// It needs redis-server. "Fail over now" of the resource "cache" makes a replica the master; the counter does not notice. Stop the master
// instead ("cache-1"), and see what a crash costs.
IDistributedApplicationBuilder builder = DistributedApplication.CreateBuilder(args);

// An application of your own writes only .WithProxy(), which runs the .NET tool; this one runs the sources beside it.
IResourceBuilder<RedisSentinelResource> cache = builder.AddRedisSentinel("cache")
    .WithReplicas(2)
    .WithPassword()
    .WithProxy((app, name) => app.AddProject<Projects.RedisProxy>(name));

builder.AddProject<Projects.RedisProxy_Demo_Counter>("counter")
    .WithReference(cache)
    .WaitFor(cache);

await builder.Build().RunAsync();
