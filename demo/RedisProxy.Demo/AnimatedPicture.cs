using System.Globalization;
using System.Net;
using System.Text;

namespace RedisProxy.Demo;

/// <summary>
/// What a terminal showed, as an SVG that plays it again: all lines in one column, which moves up by one whenever a line was printed. It
/// plays faster than it happened, rests at the end, and begins anew; who prefers no motion sees the end.
/// </summary>
internal sealed class AnimatedPicture
{
    private const int Rows = 24;
    private const int Columns = 112;
    private const int FontSize = 13;
    private const int LineHeight = 18;
    private const int Margin = 14;
    private const double CharacterWidth = 7.83;
    private const int Width = (int)(Columns * CharacterWidth) + (2 * Margin);
    private const int Height = (Rows * LineHeight) + (2 * Margin);
    private const string Fonts = "ui-monospace, Menlo, Consolas, monospace";
    private const double Faster = 4;
    private const double RestSeconds = 8;

    private readonly List<(double Seconds, string Colour, string Text)> _lines = [];

    /// <summary>A line that was printed.</summary>
    /// <param name="seconds">Since the beginning.</param>
    /// <param name="colour">The number of the terminal's colour, or empty.</param>
    /// <param name="text">Longer than the picture is wide, it is cut.</param>
    public void Add(double seconds, string colour, string text) =>
        _lines.Add((seconds, colour, text.Length <= Columns ? text : text[..(Columns - 1)] + "…"));

    /// <param name="title">For who does not see it.</param>
    public string ToSvg(string title)
    {
        double end = _lines.Count == 0 ? 1 : Math.Max(1, _lines[^1].Seconds / Faster);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $$"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{Width}} {{Height}}" role="img"
                font-family="{{Fonts}}" font-size="{{FontSize}}">
              <title>{{WebUtility.HtmlEncode(title)}}</title>
              <style>
                text { fill: #d0d7de; white-space: pre; }
                .c1 { fill: #ffffff; font-weight: bold; }
                .c2 { fill: #8b949e; }
                .c31 { fill: #ff7b72; }
                .c32 { fill: #56d364; }
                .c33 { fill: #e3b341; }
                .c36 { fill: #76e3ea; }
                .lines { transform: translateY({{Shift(_lines.Count)}}px); animation: play {{end + RestSeconds:0.##}}s step-end infinite; }
                @media (prefers-reduced-motion: reduce) { .lines { animation: none; } }
                @keyframes play {

            """);
        for (int shown = 0; shown <= _lines.Count; shown++)
        {
            double at = shown == 0 ? 0 : _lines[shown - 1].Seconds / Faster / (end + RestSeconds) * 100;
            svg.Append(CultureInfo.InvariantCulture, $"      {at:0.###}% {{ transform: translateY({Shift(shown)}px); }}\n");
        }

        svg.Append(CultureInfo.InvariantCulture, $$"""
                }
              </style>
              <rect width="{{Width}}" height="{{Height}}" rx="8" fill="#0d1117"/>
              <svg x="{{Margin}}" y="{{Margin}}" width="{{Width - (2 * Margin)}}" height="{{Rows * LineHeight}}">
                <g class="lines">

            """);
        for (int i = 0; i < _lines.Count; i++)
        {
            (_, string colour, string text) = _lines[i];
            string kind = colour.Length == 0 ? "" : $" class=\"c{colour}\"";
            svg.Append(CultureInfo.InvariantCulture, $"      <text y=\"{((i + 1) * LineHeight) - 5}\" xml:space=\"preserve\"{kind}>");
            svg.Append(WebUtility.HtmlEncode(text)).Append("</text>\n");
        }

        return svg.Append("    </g>\n  </svg>\n</svg>\n").ToString();
    }

    // The last line that is shown stands at the bottom, as in a terminal that has scrolled.
    private static int Shift(int shown) => (Rows - shown) * LineHeight;
}
