using RedisProxy.Demo.Counter;

using StackExchange.Redis;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
string address = builder.Configuration.GetConnectionString("cache")
    ?? throw new InvalidOperationException("ConnectionStrings:cache is not set.");
builder.Services.AddSingleton<IConnectionMultiplexer>(await ConnectionMultiplexer.ConnectAsync(address));
builder.Services.AddSingleton<Counter>().AddHostedService(static services => services.GetRequiredService<Counter>());

WebApplication app = builder.Build();
app.MapGet("/", static (Counter counter) => counter.ReadAsync());
await app.RunAsync();
