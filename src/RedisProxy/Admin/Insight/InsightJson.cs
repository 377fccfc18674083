using System.Text.Json.Serialization;

namespace RedisProxy.Admin;

/// <summary>Serializers for the documents about the traffic, generated at build time: a native program has no reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(SlowlogAnswer))]
[JsonSerializable(typeof(HotKeysAnswer))]
internal sealed partial class InsightJson : JsonSerializerContext;
