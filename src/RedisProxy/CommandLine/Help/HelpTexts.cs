namespace RedisProxy.CommandLine;

/// <summary>The longer texts of the command line's help.</summary>
internal static class HelpTexts
{
    public const string Proxy =
        "One stable Redis endpoint in front of a Sentinel deployment. Without a command, runs the proxy.";

    public const string Check =
        "Checks the configuration, asks every Sentinel for the masters, and prints their answers. Changes nothing, opens no port.";

    public const string Audit =
        "Compares the master with its replicas, and the Sentinels, and predicts the next failover. Changes nothing.";

    public const string Config =
        "Prints the configuration in effect: the value of each key, and whether it comes from the file, the environment, the command "
        + "line, or is the default.";

    public const string Health =
        "Tells by the exit code whether a running proxy is fit for traffic: for health checks without a shell or curl.";

    public const string Status =
        "Shows the state of a running proxy: masters, Sentinels, the last failovers, sessions by phase.";

    public const string Sessions =
        "Lists the sessions of a running proxy.";

    public const string Slowlog =
        "Lists the last requests that a server took long to answer, see slowlog.threshold. Keys are shown only with the token.";

    public const string HotKeys =
        "Samples the traffic for a while, and lists the keys with the most requests and with the largest values. Needs the token.";

    public const string Pause =
        "Holds requests, as in a failover, until resume or for a time. Requests in flight are answered.";

    public const string Resume =
        "Ends a pause.";

    public const string Failover =
        "Promotes a replica without losing data: all writes wait until the replica has caught up. Checks first that it can succeed.";

    public const string NotifyTest =
        "Sends a test message to the receivers of notify, and prints their answers.";

    public const string Drain =
        "Stops accepting clients, and ends sessions as a stop does. The process keeps running, but is no longer ready.";

    public const string Reload =
        "Reloads the configuration, like SIGHUP: all of it or, if anything is wrong, nothing. Ends a drain.";

    public const string Kill =
        "Ends one session: its client sees its connection closed.";

    public const string Schema =
        "Prints the JSON schema of the configuration, for editors and other checks.";

    public const string Completion =
        "Prints a script by which a shell completes commands and options.";

    public const string Version =
        "Shows the version.";

    public const string Help =
        "Shows how to use a command.";

    private const string ProxyExamples = """
        Examples:
          RedisProxy --config /etc/redisproxy/proxy.json
              Everything from a file; start with proxy.json of the repository.

          RedisProxy --listen 6380 --sentinel h1:26379,h2:26379,h3:26379 --master mymaster
              No file. Applications on this machine connect to localhost:6380.

          RedisProxy --listen 0.0.0.0:6380 --sentinel h1:26379 --master mymaster
              Also for other machines: 0.0.0.0 is every IPv4 address of this one, [::] every address.

          RedisProxy --listen 6380 --backend 127.0.0.1:6379
              In front of one server, without Sentinel.

          RedisProxy --config /etc/redisproxy/proxy.json --take-over
              Replaces a running proxy: clients and their sessions come to this one; then stop the old one with SIGTERM.

          RedisProxy check --config /etc/redisproxy/proxy.json
              Is the configuration valid, and which server is the master now?

          RedisProxy audit --config /etc/redisproxy/proxy.json
              What would break at the next failover?

          RedisProxy status
              The state of the proxy on this machine.

          RedisProxy failover mymaster --token-file /etc/redisproxy/token
              Promotes a replica, for maintenance of the master. No data is lost, no client of a proxy is disconnected.

        Configuration:
          Every key of the file can be set in the environment: REDISPROXY_hold__timeout=2s is "hold": { "timeout": "2s" },
          and REDISPROXY_sentinel__endpoints__0=h1:26379 is the first of a list. Options override the environment, which
          overrides the file. --sentinel replaces the whole list.

        Exit codes:
          0  stopped on request, or the check found nothing wrong
          1  could not serve
          2  bad configuration or usage
          3  forced to exit by a second SIGTERM or SIGINT
          4, 5  of the audit only, see audit --help
        """;

    private const string CheckExamples = """
        Examples:
          RedisProxy check --config /etc/redisproxy/proxy.json
          RedisProxy check --listen 6380 --sentinel h1:26379,h2:26379 --master mymaster

        Exit codes:
          0  the configuration is valid and every master can be served
          1  a master cannot be served
          2  bad configuration or usage
        """;

    private const string AuditExamples = """
        Examples:
          RedisProxy audit --config /etc/redisproxy/proxy.json
          RedisProxy audit --listen 6380 --sentinel h1:26379,h2:26379 --master mymaster --json

        The configured user (backend.username) needs permission for INFO, CONFIG GET, ACL LIST, MODULE LIST and COMMAND;
        refused commands are listed. A server's configuration file is compared if this process can read it.

        Exit codes:
          0  nothing that matters
          1  the audit failed
          2  bad configuration or usage
          4  something changes with the next failover
          5  the next failover loses data, refuses clients, or does not take place
        """;

    private const string WhichProxy = """
        The proxy is selected by --admin, its admin address; without it, by the configuration it runs with (--config, or proxy.json
        in this directory); without one, by REDISPROXY_admin__bind; otherwise it is 127.0.0.1:9180.

        Exit codes:
          0  the proxy answered
          1  it did not answer, or refused
          2  bad usage
        """;

    private const string ConfigExamples = """
        Examples:
          RedisProxy config --config /etc/redisproxy/proxy.json
          REDISPROXY_hold__timeout=2s RedisProxy config --listen 6380 --backend 127.0.0.1:6379 --json

        Each line is a key, its value, and the source of the value. Passwords, tokens and the like are shown as (set).
        """;

    private const string HealthExamples = $"""
        Examples:
          RedisProxy health
              Ready: its listeners are bound and it has seen a master. It stays ready during a failover, until the proxy stops.

          RedisProxy health --live --admin 10.0.0.7:9180
              Its event loops run, whatever the state of Redis and Sentinel.

        {WhichProxy}
        """;

    private const string StatusExamples = $"""
        Examples:
          RedisProxy status
          RedisProxy status --watch
          RedisProxy status --admin 10.0.0.7:9180 --json

        {WhichProxy}
        """;

    private const string SessionsExamples = $"""
        Examples:
          RedisProxy sessions --phase holding
          RedisProxy sessions --client 10.1. --limit 1000 --json

        {WhichProxy}
        """;

    private const string SlowlogExamples = $"""
        Examples:
          RedisProxy slowlog
          RedisProxy slowlog --listener sessions-cache --limit 100 --token-file /run/secrets/redisproxy
              With the keys, which are the application's data.

        {WhichProxy}
        """;

    private const string SchemaExamples = """
        Examples:
          RedisProxy schema > proxy.schema.json
              Then begin proxy.json with "$schema": "proxy.schema.json", and an editor completes keys and marks mistakes.
        """;

    private const string CompletionExamples = """
        Examples:
          RedisProxy completion bash > /etc/bash_completion.d/RedisProxy
          RedisProxy completion zsh > "${fpath[1]}/_RedisProxy"
          RedisProxy completion fish > ~/.config/fish/completions/RedisProxy.fish
        """;

    private const string NeedsToken = $"""
        The proxy must have an admin.token, which comes from --token-file or the configuration. Over a unix socket none is needed.

        {WhichProxy}
        """;

    public const string NothingConfigured = """
        RedisProxy: nothing is configured. There are two ways:

        1. On the command line:

             RedisProxy --listen 6380 --sentinel h1:26379,h2:26379,h3:26379 --master mymaster

        2. In a file, proxy.json in this directory or with --config FILE:

             { "listeners": [ { "bind": "127.0.0.1:6380", "master": "mymaster" } ],
               "sentinel": { "endpoints": [ "h1:26379", "h2:26379", "h3:26379" ] } }

        See RedisProxy --help.
        """;

    /// <summary>What follows the options in the help of a command.</summary>
    public static string ExamplesOf(string command) => command switch
    {
        "check" => CheckExamples,
        "audit" => AuditExamples,
        "config" => ConfigExamples,
        "health" => HealthExamples,
        "status" => StatusExamples,
        "sessions" => SessionsExamples,
        "slowlog" => SlowlogExamples,
        "hotkeys" => OfVerb("  RedisProxy hotkeys --for 10s --listener sessions-cache --token-file /run/secrets/redisproxy"),
        "pause" => OfVerb("""
              RedisProxy pause --for 3s --config /etc/redisproxy/proxy.json
                  Requests wait for at most three seconds. After hold.timeout they are answered NOT-EXECUTED.

              RedisProxy pause --dry-run
                  Whom would that concern now? How long would the buffers last? Nothing is held.
            """),
        "resume" => OfVerb("  RedisProxy resume --admin 10.0.0.7:9180 --token-file /run/secrets/redisproxy"),
        "failover" => OfVerb("""
              RedisProxy failover mymaster --token-file /etc/redisproxy/token

              RedisProxy failover mymaster --dry-run
                  Would it succeed now, and whose connections would it close? Exits with 0 if it would, with 1 if it would be refused.

              RedisProxy failover --if-master 10.1.2.3 --wait
                  Before the server 10.1.2.3 is stopped. Exits with 0 at once if it is not the master.
            """),
        "notify-test" => OfVerb("  RedisProxy notify-test ops"),
        "drain" => OfVerb("  RedisProxy drain --listener sessions-cache"),
        "reload" => OfVerb("  RedisProxy reload"),
        "kill" => OfVerb("  RedisProxy kill 4711"),
        "schema" => SchemaExamples,
        "completion" => CompletionExamples,
        "help" or "version" => "",
        _ => ProxyExamples,
    };

    private static string OfVerb(string examples) => $"Examples:\n{examples}\n\n{NeedsToken}";
}
