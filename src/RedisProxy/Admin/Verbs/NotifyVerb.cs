using System.Diagnostics;
using System.Text;

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

using RedisProxy.DataPlane;
using RedisProxy.Notify;

namespace RedisProxy.Admin;

/// <summary>
/// <c>POST /notify/test?receiver=NAME</c>: one attempt to send a test message, to that receiver or to all. 200 when it has arrived, 502
/// when it has not; the body has the answer of each.
/// </summary>
internal static class NotifyVerb
{
    // Less than the time that the command line waits for an answer. A slower command is killed.
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(75);

    public static async Task<VerbAnswer> RunAsync(HttpContext http, IReadOnlyList<DataPlaneListener> listeners)
    {
        Notifications notifications = http.RequestServices.GetRequiredService<Notifications>();
        TimeProvider time = http.RequestServices.GetRequiredService<TimeProvider>();
        IReadOnlyList<Receiver> known = notifications.Receivers;
        string name = http.Request.Query["receiver"].ToString();
        Receiver[] named = [.. known.Where(receiver => name.Length == 0 || receiver.Name == name)];
        if (named.Length == 0)
        {
            return VerbAnswer.Bad(
                known.Count == 0
                    ? "there is no receiver: notify is empty"
                    : $"there is no receiver '{name}'; known receivers: {string.Join(", ", known.Select(receiver => receiver.Name))}");
        }

        using var late = new CancellationTokenSource(MaxTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, http.RequestAborted);
        (bool IsSent, string Line)[] answers = await Task.WhenAll(named.Select(one => TestAsync(notifications, one, time, either.Token)));
        bool areAllSent = answers.All(answer => answer.IsSent);
        var text = new StringBuilder();
        text.AppendJoin('\n', answers.Select(answer => answer.Line));
        return new VerbAnswer(areAllSent ? StatusCodes.Status200OK : StatusCodes.Status502BadGateway, text.ToString());
    }

    private static async Task<(bool IsSent, string Line)> TestAsync(
        Notifications notifications, Receiver receiver, TimeProvider time, CancellationToken stop)
    {
        long began = time.GetTimestamp();
        bool isSent = false;
        string detail;
        try
        {
            Attempt attempt = await notifications.TestAsync(receiver, stop);
            isSent = attempt.End == AttemptEnd.Done;
            detail = attempt.Detail;
        }
        catch (OperationCanceledException)
        {
            detail = "aborted";
        }

        Debug.Assert(detail.Length > 0, "every attempt has a detail");
        TimeSpan took = time.GetElapsedTime(began);
        return (isSent, FormattableString.Invariant(
            $"{receiver.Name}: {(isSent ? "sent" : "not sent")}, {detail}, after {took.TotalSeconds:0.000} s"));
    }
}
