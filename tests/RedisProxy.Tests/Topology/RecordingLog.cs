using System.Collections.Concurrent;

using Microsoft.Extensions.Logging;

namespace RedisProxy.Tests.Topology;

/// <summary>Keeps every line.</summary>
internal sealed class RecordingLog : ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, int Id, string Text)> _lines = [];

    public IReadOnlyList<(LogLevel Level, int Id, string Text)> Lines => [.. _lines];

    public int CountOf(int id) => Lines.Count(line => line.Id == id);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue((logLevel, eventId.Id, formatter(state, exception) + (exception is null ? "" : $" {exception}")));
}

/// <summary>One log for all categories.</summary>
internal sealed class RecordingLoggers(RecordingLog log) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => log;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }
}
