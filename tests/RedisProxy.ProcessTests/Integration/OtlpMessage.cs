using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>One export of metrics over OTLP, read from its protobuf (opentelemetry-proto, metrics/v1/metrics.proto).</summary>
/// <param name="Resource">Its attributes.</param>
internal sealed record OtlpMessage(IReadOnlyDictionary<string, string> Resource, IReadOnlyList<OtlpMetric> Metrics)
{
    public static OtlpMessage Parse(ReadOnlyMemory<byte> request)
    {
        ProtobufField resourceMetrics = Assert.Single(ProtobufField.Of(request), field => field.Number == 1);
        var resource = new Dictionary<string, string>();
        var metrics = new List<OtlpMetric>();
        foreach (ProtobufField field in ProtobufField.Of(resourceMetrics.Bytes))
        {
            if (field.Number == 1)
            {
                resource = AttributesOf(field.Bytes, number: 1);
            }
            else if (field.Number == 2)
            {
                metrics.AddRange(ProtobufField.Of(field.Bytes).Where(inner => inner.Number == 2).Select(inner => MetricOf(inner.Bytes)));
            }
        }

        return new OtlpMessage(resource, metrics);
    }

    public OtlpMetric Metric(string name) => Assert.Single(Metrics, metric => metric.Name == name);

    /// <summary>Of all its points that have the label.</summary>
    public double Sum(string name, string? label = null, string? value = null) => Metric(name).Points
        .Where(point => label is null || point.Labels[label] == value).Sum(point => point.Value);

    private static OtlpMetric MetricOf(ReadOnlyMemory<byte> bytes)
    {
        var metric = new OtlpMetric("", "", "", "", IsMonotonic: false, IsCumulative: false, []);
        foreach (ProtobufField field in ProtobufField.Of(bytes))
        {
            metric = field.Number switch
            {
                1 => metric with { Name = field.Text },
                2 => metric with { Description = field.Text },
                3 => metric with { Unit = field.Text },
                5 => WithData(metric with { Kind = "gauge" }, field.Bytes),
                7 => WithData(metric with { Kind = "counter" }, field.Bytes),
                9 => WithData(metric with { Kind = "histogram" }, field.Bytes),
                _ => throw new FormatException($"field {field.Number} in a metric"),
            };
        }

        return metric;
    }

    private static OtlpMetric WithData(OtlpMetric metric, ReadOnlyMemory<byte> data)
    {
        ProtobufField[] fields = [.. ProtobufField.Of(data)];
        return metric with
        {
            IsCumulative = fields.Any(field => field is { Number: 2, Varint: 2 }),
            IsMonotonic = fields.Any(field => field is { Number: 3, Varint: 1 }),
            Points = [.. fields.Where(field => field.Number == 1).Select(field =>
                metric.Kind == "histogram" ? HistogramOf(field.Bytes) : NumberOf(field.Bytes))],
        };
    }

    private static OtlpPoint NumberOf(ReadOnlyMemory<byte> point)
    {
        ProtobufField value = ProtobufField.Of(point).Single(field => field.Number is 4 or 6);
        return new OtlpPoint(AttributesOf(point, number: 7), value.Number == 4 ? value.Double : (long)value.Varint);
    }

    private static OtlpPoint HistogramOf(ReadOnlyMemory<byte> point)
    {
        ProtobufField[] fields = [.. ProtobufField.Of(point)];
        return new OtlpPoint(AttributesOf(point, number: 9), fields.Single(field => field.Number == 5).Double)
        {
            Count = (long)fields.Single(field => field.Number == 4).Varint,
            BucketCounts = [.. NumbersOf(6).Select(bits => (long)bits)],
            Bounds = [.. NumbersOf(7).Select(BitConverter.UInt64BitsToDouble)],
            HasExtremes = fields.Any(field => field.Number is 11 or 12),
        };

        IEnumerable<ulong> NumbersOf(int number) => fields.Where(field => field.Number == number).SelectMany(field => field.Fixed64());
    }

    private static Dictionary<string, string> AttributesOf(ReadOnlyMemory<byte> bytes, int number)
    {
        var attributes = new Dictionary<string, string>();
        foreach (ProtobufField attribute in ProtobufField.Of(bytes).Where(field => field.Number == number))
        {
            ProtobufField[] pair = [.. ProtobufField.Of(attribute.Bytes)];
            ProtobufField value = ProtobufField.Of(pair.Single(field => field.Number == 2).Bytes).Single();
            attributes.Add(
                pair.Single(field => field.Number == 1).Text,
                value.Number == 1 ? value.Text : ((long)value.Varint).ToString(CultureInfo.InvariantCulture));
        }

        return attributes;
    }
}

/// <param name="Kind">As Prometheus calls it.</param>
internal sealed record OtlpMetric(
    string Name, string Description, string Unit, string Kind, bool IsMonotonic, bool IsCumulative, IReadOnlyList<OtlpPoint> Points);

/// <param name="Value">Of a histogram: its sum.</param>
internal sealed record OtlpPoint(IReadOnlyDictionary<string, string> Labels, double Value)
{
    public long Count { get; init; }

    public IReadOnlyList<long> BucketCounts { get; init; } = [];

    public IReadOnlyList<double> Bounds { get; init; } = [];

    /// <summary>Least and greatest are given.</summary>
    public bool HasExtremes { get; init; }

    public string LabelText => string.Join(',', Labels.OrderBy(label => label.Key, StringComparer.Ordinal));
}

/// <summary>One field of a message in protobuf's wire format.</summary>
/// <param name="Varint">Of what is a number, its bits.</param>
/// <param name="Bytes">Of what has a length.</param>
internal readonly record struct ProtobufField(int Number, ulong Varint, ReadOnlyMemory<byte> Bytes)
{
    public string Text => Encoding.UTF8.GetString(Bytes.Span);

    public double Double => BitConverter.UInt64BitsToDouble(Varint);

    public static IEnumerable<ProtobufField> Of(ReadOnlyMemory<byte> message)
    {
        while (!message.IsEmpty)
        {
            ulong tag = ReadVarint(ref message);
            int number = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    yield return new ProtobufField(number, ReadVarint(ref message), default);
                    break;
                case 1:
                    yield return new ProtobufField(number, BinaryPrimitives.ReadUInt64LittleEndian(message.Span), default);
                    message = message[sizeof(ulong)..];
                    break;
                case 2:
                    int length = (int)ReadVarint(ref message);
                    yield return new ProtobufField(number, 0, message[..length]);
                    message = message[length..];
                    break;
                case 5:
                    yield return new ProtobufField(number, BinaryPrimitives.ReadUInt32LittleEndian(message.Span), default);
                    message = message[sizeof(uint)..];
                    break;
                default:
                    throw new FormatException($"wire type {tag & 7}");
            }
        }
    }

    /// <summary>Packed, or one by one.</summary>
    public IEnumerable<ulong> Fixed64()
    {
        if (Bytes.IsEmpty)
        {
            yield return Varint;
        }

        for (int at = 0; at < Bytes.Length; at += sizeof(ulong))
        {
            yield return BinaryPrimitives.ReadUInt64LittleEndian(Bytes.Span[at..]);
        }
    }

    private static ulong ReadVarint(ref ReadOnlyMemory<byte> message)
    {
        ulong value = 0;
        for (int i = 0; ; i++)
        {
            byte next = message.Span[i];
            value |= (ulong)(next & 0x7f) << (7 * i);
            if (next < 0x80)
            {
                message = message[(i + 1)..];
                return value;
            }
        }
    }
}
