namespace RedisProxy.Testing;

internal static class Placeholder;
