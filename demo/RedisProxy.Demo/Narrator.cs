using System.Diagnostics;
using System.Globalization;

namespace RedisProxy.Demo;

/// <summary>
/// Everything that the demo prints, with the seconds since it began. Colours only on a terminal (and not when NO_COLOR is set); no line is
/// ever overwritten, so the output reads the same in a file.
/// </summary>
internal sealed class Narrator
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Lock _gate = new();
    private readonly AnimatedPicture _picture = new();
    private readonly bool _colours = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>The beginning of a part.</summary>
    public void Title(string text)
    {
        lock (_gate)
        {
            Write("", "");
            Write("1", text);
        }
    }

    /// <summary>An action of the demo.</summary>
    public void Step(string text) => Timed("36", "▸ " + text);

    /// <summary>An event in the deployment.</summary>
    public void Event(string text) => Timed("33", "· " + text);

    /// <summary>Progress of the workload.</summary>
    public void Progress(string text) => Timed("2", "  " + text);

    public void Good(string text) => Timed("32", "✓ " + text);

    public void Bad(string text) => Timed("31", "✗ " + text);

    /// <summary>Without time and colour.</summary>
    public void Plain(string text = "")
    {
        lock (_gate)
        {
            Write("", text);
        }
    }

    /// <summary>All that was printed until now, as an animated picture.</summary>
    public string ToPicture(string title)
    {
        lock (_gate)
        {
            return _picture.ToSvg(title);
        }
    }

    private double Seconds => Stopwatch.GetElapsedTime(_start).TotalSeconds;

    private void Timed(string colour, string text)
    {
        string time = string.Create(CultureInfo.InvariantCulture, $"{Seconds,6:0.0} s  ");
        lock (_gate)
        {
            Console.WriteLine(Coloured("2", time) + Coloured(colour, text));
            _picture.Add(Seconds, colour, time + text);
        }
    }

    private void Write(string colour, string text)
    {
        Console.WriteLine(Coloured(colour, text));
        foreach (string line in text.Split('\n'))
        {
            _picture.Add(Seconds, colour, line);
        }
    }

    private string Coloured(string colour, string text) => _colours && colour.Length > 0 ? $"\e[{colour}m{text}\e[0m" : text;
}
