using System.Globalization;
using System.Text;

namespace RedisProxy.Testing;

/// <summary>One scrape of a Prometheus text page: samples by name and labels.</summary>
public sealed class MetricsSnapshot
{
    private readonly List<Sample> _samples = [];

    private MetricsSnapshot()
    {
    }

    public IReadOnlyList<Sample> Samples => _samples;

    public static MetricsSnapshot Parse(string page)
    {
        var snapshot = new MetricsSnapshot();
        foreach (string line in page.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!line.StartsWith('#'))
            {
                snapshot._samples.Add(ParseSample(line));
            }
        }

        return snapshot;
    }

    /// <summary>Sum of all samples with this name and (at least) these labels; 0 if there are none.</summary>
    public double Sum(string name, params (string Label, string Value)[] labels) => Matching(name, labels).Sum(s => s.Value);

    /// <summary>The only sample with this name and (at least) these labels.</summary>
    /// <exception cref="InvalidOperationException">There is none, or more than one; the message lists those with this name.</exception>
    public double Value(string name, params (string Label, string Value)[] labels)
    {
        Sample[] matching = [.. Matching(name, labels)];
        return matching.Length == 1
            ? matching[0].Value
            : throw new InvalidOperationException(
                $"{matching.Length} samples match {name}. Of that name: {string.Join("; ", _samples.Where(s => s.Name == name))}.");
    }

    public bool Has(string name, params (string Label, string Value)[] labels) => Matching(name, labels).Any();

    private IEnumerable<Sample> Matching(string name, (string Label, string Value)[] labels) => _samples.Where(
        s => s.Name == name && labels.All(l => s.Labels.TryGetValue(l.Label, out string? value) && value == l.Value));

    private static Sample ParseSample(string line)
    {
        int end = line.AsSpan().IndexOfAny('{', ' ');
        if (end < 0)
        {
            throw new FormatException($"Not a sample: '{line}'.");
        }

        var labels = new Dictionary<string, string>();
        string name = line[..end];
        if (line[end] == '{')
        {
            end = ParseLabels(line, end + 1, labels);
        }

        // A time stamp may follow the value.
        string value = line[end..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return new Sample(name, labels, value switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            _ => double.Parse(value, CultureInfo.InvariantCulture),
        });
    }

    // Returns the position after the closing brace. In values \\, \" and \n are escaped.
    private static int ParseLabels(string line, int position, Dictionary<string, string> labels)
    {
        while (line[position] != '}')
        {
            int equals = line.IndexOf('=', position);
            string label = line[position..equals].Trim(' ', ',');
            var value = new StringBuilder();
            for (position = equals + 2; line[position] != '"'; position++)
            {
                bool isEscaped = line[position] == '\\';
                if (isEscaped)
                {
                    position++;
                }

                value.Append(isEscaped && line[position] == 'n' ? '\n' : line[position]);
            }

            labels[label] = value.ToString();
            position++;
            if (line[position] == ',')
            {
                position++;
            }
        }

        return position + 1;
    }

    public sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
    {
        public override string ToString() =>
            $"{Name}{{{string.Join(',', Labels.Select(l => $"{l.Key}=\"{l.Value}\""))}}} {Value.ToString(CultureInfo.InvariantCulture)}";
    }
}
