using System.Net.Sockets;
using System.Runtime.InteropServices;

using RedisProxy.Demo;
using RedisProxy.Testing;

DemoOptions options;
try
{
    options = DemoOptions.Parse(args);
}
catch (FormatException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 2;
}

if (options.ShowHelp)
{
    Console.WriteLine(DemoOptions.Help);
    return 0;
}

var narrator = new Narrator();
using var interrupted = new CancellationTokenSource();
ExitActions.LeaveSignalsToTheProgram();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);

try
{
    IReadOnlyList<(string Title, RoundResult Result)> compared = options.Compare ? await PlayWithoutProxyAsync() : [];
    await using var demonstration = new Demonstration(options, narrator, interrupted.Token) { Compared = compared };
    return await demonstration.RunAsync();
}
catch (OperationCanceledException)
{
    narrator.Plain();
    narrator.Plain("Interrupted; stopping everything that was started.");
    return 130;
}
catch (Exception e) when (e is InvalidOperationException or TimeoutException or IOException or SocketException
    or System.ComponentModel.Win32Exception)
{
    narrator.Bad(e.Message);
    return 1;
}

async Task<IReadOnlyList<(string Title, RoundResult Result)>> PlayWithoutProxyAsync()
{
    await using var direct = new Demonstration(options with { Direct = true }, narrator, interrupted.Token);
    await direct.PlayAsync();
    return direct.Rounds;
}

void Interrupt(PosixSignalContext context)
{
    // Asked a second time, do not wait for an orderly end. The registered exit actions still kill the children.
    if (interrupted.IsCancellationRequested)
    {
        Environment.Exit(130);
    }

    context.Cancel = true;
    interrupted.Cancel();
}
