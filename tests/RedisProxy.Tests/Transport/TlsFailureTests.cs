using System.Net.Security;
using System.Security.Authentication;

using RedisProxy.Transport;

namespace RedisProxy.Tests.Transport;

public sealed class TlsFailureTests
{
    [Fact]
    public async Task Reason_OfTheLibrary_IsSaidAndNotThatThereIsOne()
    {
        // A server that refuses the client's version says so in an alert; the library tells it inside.
        byte[] alert = [21, 3, 3, 0, 2, 2, 70];
        await using var stream = new SslStream(new Answering(alert));
        AuthenticationException failure =
            await Assert.ThrowsAsync<AuthenticationException>(() => stream.AuthenticateAsClientAsync("x.test"));
        Assert.Contains("protocol version", TlsFailure.Describe(failure), StringComparison.Ordinal);
        Assert.Equal("plain", TlsFailure.Describe(new IOException("plain")));
    }

    /// <summary>Takes everything, and answers once.</summary>
    private sealed class Answering(byte[] answer) : MemoryStream(answer)
    {
        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.CompletedTask;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => default;
    }
}
