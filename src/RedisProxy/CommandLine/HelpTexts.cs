namespace RedisProxy.CommandLine;

/// <summary>The longer texts that people read in a terminal.</summary>
internal static class HelpTexts
{
    public const string Proxy =
        "One stable Redis endpoint in front of a Sentinel deployment. Without a command, runs the proxy.";

    public const string Check =
        "Checks the configuration, asks every Sentinel for the masters, and prints what they say. Changes nothing, listens nowhere.";

    public const string Audit =
        "Compares the master with its replicas, and the Sentinels, and says what would happen at the next failover. Changes nothing.";

    public const string Health =
        "Is a running proxy fit for traffic? The exit code says it: for health checks where there is no shell and no curl.";

    public const string Status =
        "Shows what a running proxy sees and does: masters, Sentinels, the last failovers, sessions by phase.";

    public const string Sessions =
        "Lists the sessions of a running proxy.";

    public const string Pause =
        "Makes requests wait, as in a failover, until resume or for a time. What is in flight is answered.";

    public const string Resume =
        "Ends a pause.";

    public const string Failover =
        "Makes a replica the master, and loses nothing: everybody's writes wait until the replica has them all. Looks before it leaps.";

    public const string NotifyTest =
        "Sends a test message to the receivers of notify, and says what they answered.";

    public const string Drain =
        "Makes listeners take no more clients, and ends their sessions as a stop does. The process stays, and is not ready any more.";

    public const string Reload =
        "Makes the proxy read its configuration anew, as SIGHUP does: all of it or, when anything is wrong, nothing. Ends a drain.";

    public const string Kill =
        "Ends one session: its client sees its connection closed.";

    public const string ProxyExamples = """
        Examples:
          RedisProxy --config /etc/redisproxy/proxy.json
              Everything from a file; proxy.json in the repository is one to start from.

          RedisProxy --listen 6380 --sentinel h1:26379,h2:26379,h3:26379 --master mymaster
              Without a file. Applications on this machine connect to localhost:6380.

          RedisProxy --listen 0.0.0.0:6380 --sentinel h1:26379 --master mymaster
              The same for other machines, too: 0.0.0.0 is every IPv4 address of this one, [::] every address.

          RedisProxy --listen 6380 --backend 127.0.0.1:6379
              In front of one server, without Sentinel.

          RedisProxy --config /etc/redisproxy/proxy.json --take-over
              Replaces a proxy that runs: new clients come here, and that one is to be ended with SIGTERM.

          RedisProxy check --config /etc/redisproxy/proxy.json
              Is the configuration good, and who is the master now?

          RedisProxy audit --config /etc/redisproxy/proxy.json
              What would break at the next failover?

          RedisProxy status
              What the proxy on this machine sees and does now.

          RedisProxy failover mymaster --token-file /etc/redisproxy/token
              Another master, for maintenance of this one. Nothing is lost, nobody is disconnected from a proxy.

        Configuration:
          Every key of the file can be set in the environment: REDISPROXY_hold__timeout=2s is "hold": { "timeout": "2s" },
          and REDISPROXY_sentinel__endpoints__0=h1:26379 is the first of a list. Options win over the environment, and that
          over the file. --sentinel replaces the whole list.

        Exit codes:
          0  stopped when asked to, or the check found nothing wrong
          1  could not serve
          2  bad configuration or usage
          3  a second SIGTERM or SIGINT ended it at once
          4, 5  of the audit alone, see there
        """;

    public const string CheckExamples = """
        Examples:
          RedisProxy check --config /etc/redisproxy/proxy.json
          RedisProxy check --listen 6380 --sentinel h1:26379,h2:26379 --master mymaster

        Exit codes:
          0  the configuration is good and every master could be served
          1  some master could not
          2  bad configuration or usage
        """;

    public const string AuditExamples = """
        Examples:
          RedisProxy audit --config /etc/redisproxy/proxy.json
          RedisProxy audit --listen 6380 --sentinel h1:26379,h2:26379 --master mymaster --json

        It asks as the user of the configuration (backend.username), who needs INFO, CONFIG GET, ACL LIST, MODULE LIST and COMMAND;
        what is refused is listed. A server's configuration file is compared when this process may read it.

        Exit codes:
          0  nothing that would matter
          1  it could not be made
          2  bad configuration or usage
          4  something will be otherwise after the next failover
          5  the next failover loses data, refuses clients, or does not take place
        """;

    private const string WhichProxy = """
        Which proxy: --admin says its admin address; without it, the configuration that it runs with (--config, or proxy.json
        in this directory); without one, REDISPROXY_admin__bind, or else 127.0.0.1:9180.

        Exit codes:
          0  the proxy has answered
          1  it has not, or refused
          2  bad usage
        """;

    public const string HealthExamples = $"""
        Examples:
          RedisProxy health
              Ready: its listeners are bound and it has seen a master. It stays so during a failover, and ends with the proxy.

          RedisProxy health --live --admin 10.0.0.7:9180
              Its loops turn, whatever becomes of Redis and Sentinel.

        {WhichProxy}
        """;

    public const string StatusExamples = $"""
        Examples:
          RedisProxy status
          RedisProxy status --admin 10.0.0.7:9180 --json

        {WhichProxy}
        """;

    public const string SessionsExamples = $"""
        Examples:
          RedisProxy sessions --phase holding
          RedisProxy sessions --client 10.1. --limit 1000 --json

        {WhichProxy}
        """;

    public const string VerbExamples = $"""
        Examples:
          RedisProxy pause --for 3s --config /etc/redisproxy/proxy.json
              Requests wait for three seconds at the most. Past hold.timeout they are answered NOT-EXECUTED.

          RedisProxy resume --admin 10.0.0.7:9180 --token-file /run/secrets/redisproxy
          RedisProxy failover mymaster
          RedisProxy notify-test ops
          RedisProxy kill 4711
          RedisProxy drain --listener sessions-cache
          RedisProxy reload

        The proxy has to have an admin.token, and wants to see it: from --token-file, or from the configuration. Over a unix socket
        it needs none.

        {WhichProxy}
        """;

    public const string NothingConfigured = """
        RedisProxy: nothing is configured. There are two ways:

        1. On the command line:

             RedisProxy --listen 6380 --sentinel h1:26379,h2:26379,h3:26379 --master mymaster

        2. In a file, proxy.json in this directory or with --config FILE:

             { "listeners": [ { "bind": "127.0.0.1:6380", "master": "mymaster" } ],
               "sentinel": { "endpoints": [ "h1:26379", "h2:26379", "h3:26379" ] } }

        RedisProxy --help says more.
        """;
}
