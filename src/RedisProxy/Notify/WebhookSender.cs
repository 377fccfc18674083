using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

using RedisProxy.Configuration;

namespace RedisProxy.Notify;

/// <summary>Sends messages by HTTP: one POST per attempt, each signed anew, because a receiver may reject an old timestamp.</summary>
internal sealed class WebhookSender(NotifyWebhookOptions options, HttpMessageInvoker http, TimeProvider time) : ISender
{
    private const string EventHeader = "X-RedisProxy-Event";
    private const string IdHeader = "X-RedisProxy-Id";
    private const string AttemptHeader = "X-RedisProxy-Attempt";

    private static readonly MediaTypeHeaderValue Json = new("application/json") { CharSet = "utf-8" };

    private readonly Uri _target = new(options.Url.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped));

    public int MaxAttempts => options.MaxAttempts;

    public TimeSpan FirstPause { get; } = TimeSpan.FromSeconds(1);

    public TimeSpan MaxPause { get; } = TimeSpan.FromSeconds(30);

    /// <summary>For all webhooks of a process. Honours the proxies of the environment (HTTPS_PROXY, NO_PROXY), as users expect.</summary>
    public static HttpMessageInvoker CreateHttp() => new(new SocketsHttpHandler
    {
        // A redirect may lead anywhere, and its target would receive a signed message.
        AllowAutoRedirect = false,
        UseCookies = false,

        // The trace context is not for other hosts.
        ActivityHeadersPropagator = null,

        // Names may move, and a connection idle for minutes is not worth a descriptor.
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
        MaxResponseHeadersLength = 16,
    });

    public async Task<Attempt> TryAsync(Message message, int attempt, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            using HttpRequestMessage request = MakeRequest(message, attempt);
            using HttpResponseMessage response = await http.SendAsync(request, either.Token);
            return Judge(response);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new Attempt(AttemptEnd.Failed, $"no answer within {DurationText.Format(options.Timeout)}");
        }
        catch (HttpRequestException failure)
        {
            return new Attempt(AttemptEnd.Failed, Describe(failure, failure.HttpRequestError));
        }
        catch (IOException failure)
        {
            return new Attempt(AttemptEnd.Failed, Describe(failure, (failure as HttpIOException)?.HttpRequestError));
        }
    }

    // The innermost message says why, and has neither path nor query in it. That of a broken response would quote it, and with it
    // perhaps the URL and its key, which some servers repeat.
    private static string Describe(Exception failure, HttpRequestError? kind) =>
        kind == HttpRequestError.InvalidResponse ? "the response is not HTTP" : failure.GetBaseException().Message;

    private HttpRequestMessage MakeRequest(Message message, int attempt)
    {
        var content = new ReadOnlyMemoryContent(message.Body);
        content.Headers.ContentType = Json;
        var request = new HttpRequestMessage(HttpMethod.Post, _target) { Content = content };
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("RedisProxy", null));
        request.Headers.Add(EventHeader, NotifyEvents.NameOf(message.Notification.Event));
        request.Headers.Add(IdHeader, message.Notification.Id);
        request.Headers.Add(AttemptHeader, attempt.ToString(CultureInfo.InvariantCulture));
        if (options.Secret is { } secret)
        {
            request.Headers.Add(WebhookSignature.Header, WebhookSignature.Of(secret, time.GetUtcNow(), message.Body.Span));
        }

        if (options.Url.UserInfo is { Length: > 0 } user)
        {
            string plain = Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(user)));
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", plain);
        }

        return request;
    }

    private static Attempt Judge(HttpResponseMessage response)
    {
        int status = (int)response.StatusCode;
        string detail = FormattableString.Invariant($"answered {status}");
        if (response.IsSuccessStatusCode)
        {
            return new Attempt(AttemptEnd.Done, detail);
        }

        bool maySucceedLater = status >= 500
            || response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests;
        return new Attempt(maySucceedLater ? AttemptEnd.Failed : AttemptEnd.Refused, detail)
        {
            RetryAfter = response.Headers.RetryAfter?.Delta,
        };
    }
}
