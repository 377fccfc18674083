using System.Buffers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Page;

/// <summary>
/// Headless Chromium with one page, driven over its DevTools protocol (chromedevtools.github.io). Notes what a page should not do: errors,
/// and requests to other places.
/// </summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ChildProcess _process;
    private readonly TemporaryFolder _folder;
    private readonly ClientWebSocket _socket = new();
    private readonly Dictionary<int, TaskCompletionSource<JsonNode>> _waiting = [];
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _gate = new();
    private Task _reading = Task.CompletedTask;
    private int _lastId;

    private Browser(ChildProcess process, TemporaryFolder folder)
    {
        _process = process;
        _folder = folder;
    }

    /// <summary>What the page has thrown or logged as an error.</summary>
    public List<string> Errors { get; } = [];

    /// <summary>Every address that was asked for something.</summary>
    public List<string> Requests { get; } = [];

    public static async Task<Browser> StartAsync()
    {
        var folder = new TemporaryFolder("chromium");
        ChildProcess process = await ChildProcess.StartAsync(
            "chromium",
            "chromium",
            [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--remote-debugging-port=0", $"--user-data-dir={folder.Folder("profile")}",
                "about:blank",
            ],
            folder.File("log"));
        var browser = new Browser(process, folder);
        await browser.ConnectAsync();
        return browser;
    }

    /// <summary>A size in CSS pixels, and which colours the user prefers.</summary>
    public async Task ShowAsAsync(int width, int height, bool isDark)
    {
        await CallAsync("Emulation.setDeviceMetricsOverride", new JsonObject
        {
            ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = 1, ["mobile"] = width < 600,
        });
        await CallAsync("Emulation.setEmulatedMedia", new JsonObject
        {
            ["features"] = new JsonArray(
                new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = isDark ? "dark" : "light" }),
        });
    }

    public Task OpenAsync(Uri address) => CallAsync("Page.navigate", new JsonObject { ["url"] = address.ToString() });

    /// <summary>The value of an expression, as text.</summary>
    public async Task<string> EvaluateAsync(string expression)
    {
        JsonNode result = await CallAsync("Runtime.evaluate", new JsonObject
        {
            ["expression"] = $"String({expression})", ["returnByValue"] = true,
        });
        return result["exceptionDetails"] is { } failure
            ? throw new InvalidOperationException(failure.ToJsonString())
            : (string)result["result"]!["value"]!;
    }

    public Task EventuallyAsync(string expression, string what) =>
        Eventually.Within(Patience, async () => await EvaluateAsync(expression) == "true", what);

    public async Task PressTabAsync()
    {
        foreach (string type in new[] { "keyDown", "keyUp" })
        {
            await CallAsync("Input.dispatchKeyEvent", new JsonObject
            {
                ["type"] = type, ["key"] = "Tab", ["code"] = "Tab", ["windowsVirtualKeyCode"] = 9,
            });
        }
    }

    /// <summary>The whole page, also what one would have to scroll to, as PNG.</summary>
    public async Task<byte[]> TakePictureAsync()
    {
        JsonNode picture = await CallAsync("Page.captureScreenshot", new JsonObject { ["captureBeyondViewport"] = true });
        return Convert.FromBase64String((string)picture["data"]!);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _reading;
        _socket.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync(Patience);
        await _process.DisposeAsync();
        _folder.Dispose();
        _end.Dispose();
    }

    private async Task ConnectAsync()
    {
        string portFile = Path.Combine(_folder.Path, "profile", "DevToolsActivePort");
        await Eventually.Within(
            Patience, async () => File.Exists(portFile) && (await File.ReadAllLinesAsync(portFile)).Length > 1, "Chromium listens");
        string port = (await File.ReadAllLinesAsync(portFile))[0];
        using var http = new HttpClient();
        JsonNode targets = JsonNode.Parse(await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/json/list")))!;
        string page = (string)targets.AsArray().First(target => (string)target!["type"]! == "page")!["webSocketDebuggerUrl"]!;
        await _socket.ConnectAsync(new Uri(page), _end.Token);
        _reading = ReadAsync();
        foreach (string domain in new[] { "Page", "Runtime", "Log", "Network" })
        {
            await CallAsync($"{domain}.enable", []);
        }
    }

    private async Task<JsonNode> CallAsync(string method, JsonObject parameters)
    {
        var done = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        int id;
        lock (_gate)
        {
            id = ++_lastId;
            _waiting[id] = done;
        }

        string request = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters }.ToJsonString();
        await _socket.SendAsync(Encoding.UTF8.GetBytes(request), WebSocketMessageType.Text, endOfMessage: true, _end.Token);
        JsonNode answer = await done.Task.WaitAsync(Patience, TimeProvider.System);
        return answer["result"] ?? throw new InvalidOperationException($"{method}: {answer.ToJsonString()}");
    }

    private async Task ReadAsync()
    {
        var message = new ArrayBufferWriter<byte>();
        byte[] buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                WebSocketReceiveResult received = await _socket.ReceiveAsync(buffer, _end.Token);
                message.Write(buffer.AsSpan(0, received.Count));
                if (received.EndOfMessage)
                {
                    Take(JsonNode.Parse(message.WrittenSpan)!);
                    message.Clear();
                }
            }
        }
        catch (Exception end) when (end is OperationCanceledException or WebSocketException)
        {
            // Disposed of, or Chromium has ended; who waits for an answer finds out.
        }
    }

    private void Take(JsonNode message)
    {
        lock (_gate)
        {
            if (message["id"] is { } id)
            {
                _waiting.Remove((int)id, out TaskCompletionSource<JsonNode>? done);
                done?.TrySetResult(message);
                return;
            }

            JsonNode? details = message["params"];
            switch ((string?)message["method"])
            {
                case "Runtime.exceptionThrown":
                    Errors.Add(details!["exceptionDetails"]!.ToJsonString());
                    break;
                case "Log.entryAdded" when (string?)details!["entry"]!["level"] == "error":
                    Errors.Add(details["entry"]!.ToJsonString());
                    break;
                case "Network.requestWillBeSent":
                    Requests.Add((string)details!["request"]!["url"]!);
                    break;
            }
        }
    }
}
