"""redis-cli, fed as a shell script would do it: commands on its standard input, replies from its output. See ../README.md."""

import json
import subprocess
import sys
import time

PACE = 0.02
BATCH = 5
FEED_SECONDS = 2
OWN_ERROR = "Error: "
# Codes of errors, which redis-cli prints without any mark when its output is not a terminal.
ERRORS = ("ERR ", "IOERR ", "LOADING ", "READONLY ", "EXECABORT ", "NOAUTH ", "MASTERDOWN ", "WRONGTYPE ", OWN_ERROR)
# With the death of this script, redis-cli must not stay behind.
DIE_WITH_PARENT = ["setpriv", "--pdeathsig", "KILL", "--"]


class Exited(Exception):
    """redis-cli has ended."""


class Failed(Exception):
    """A reply is an error."""


def say(**what):
    print(json.dumps(what), flush=True)


class RedisCli:
    def __init__(self, port, *arguments):
        self._process = subprocess.Popen(
            DIE_WITH_PARENT + ["redis-cli", "-p", str(port), *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)

    def ask(self, line):
        try:
            self._process.stdin.write(line + "\n")
        except BrokenPipeError:
            raise Exited(f"exit code {self._process.wait()}") from None

    def line(self):
        line = self._process.stdout.readline()
        if line == "":
            raise Exited(f"exit code {self._process.wait()}")
        line = line.rstrip("\n")
        if line.startswith(ERRORS):
            # Behind a reply that is an error comes an empty line; behind redis-cli's own words there is none.
            if not line.startswith(OWN_ERROR) and (blank := self._process.stdout.readline()) != "\n":
                say(wrong=f"not an empty line behind an error: {blank}")
            raise Failed(line)
        return line

    def end(self):
        """The end of its input; what it says then, and its exit code."""
        text, _ = self._process.communicate()
        return text, self._process.returncode


def plain(cli, key, n):
    cli.ask(f"RPUSH {key} {n}")
    try:
        length = cli.line()
        if length.isdigit():
            say(ack=[n])
        else:
            say(wrong=f"RPUSH: {length}")
    except Failed as error:
        say(error=f"printed: {error}", of=[n])
    cli.ask(f"GET const:{n % 10}")
    constant = cli.line()
    if constant != f"value-{n % 10}":
        say(wrong=f"GET const:{n % 10}: {constant}")


def transactional(cli, key, n):
    errors, replies = [], []
    for line, count in (("MULTI", 1), (f"RPUSH {key} {n}", 1), (f"RPUSH {key}:twin {n}", 1), ("EXEC", 2)):
        cli.ask(line)
        try:
            replies = [cli.line() for _ in range(count)]
        except Failed as error:
            errors.append(str(error))
    if errors:
        say(error=f"printed: {errors[-1]}", of=[n])
    elif replies[0].isdigit() and replies[0] == replies[1]:
        say(ack=[n])
    else:
        say(wrong=f"EXEC: {replies}")


def blocking(cli, key, _):
    cli.ask(f"BLPOP {key} 0")
    try:
        if cli.line() == key:
            say(ack=[int(cli.line())])
    except Failed as error:
        say(error=f"printed: {error}", of=[])


def pubsub(port):
    while True:
        cli = RedisCli(port)
        cli.ask("SUBSCRIBE ticks")
        try:
            while True:
                if cli.line() == "message" and cli.line() == "ticks":
                    say(ack=[int(cli.line())])
        except (Exited, Failed) as error:
            say(error=f"printed: {error}", of=[])
            cli.end()
        say(note="again")
        time.sleep(PACE)


def pipelined(port, key):
    """redis-cli --pipe, each time with a slow feed; it tells at the end of each how many replies and how many errors there were."""
    n = 0
    while True:
        cli = RedisCli(port, "--pipe")
        numbers = []
        end = time.monotonic() + FEED_SECONDS
        try:
            while time.monotonic() < end:
                numbers += range(n, n + BATCH)
                n += BATCH
                cli.ask("\n".join(f"RPUSH {key} {number}" for number in numbers[-BATCH:]))
                time.sleep(PACE)
        except Exited:
            # Its last words and its exit code are read below.
            pass
        text, code = cli.end()
        errors = [line for line in text.splitlines() if line.startswith(ERRORS)]
        for error in errors:
            say(error=f"printed: {error}", of=[])
        if f"errors: {len(errors)}, replies: {len(numbers)}" not in text:
            say(error=f"Exited: exit code {code}: {text[-300:]}", of=numbers)
        elif errors:
            # It does not say which ones.
            say(note="errors", of=numbers)
        else:
            say(ack=numbers)


def main():
    mode, port, key = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    say(client=subprocess.check_output(["redis-cli", "--version"], text=True).split(" (")[0].strip())
    if mode == "pubsub":
        pubsub(port)
    elif mode == "pipelined":
        pipelined(port, key)
    one_round = {"plain": plain, "transactional": transactional, "blocking": blocking}[mode]
    cli = RedisCli(port)
    n = 0
    while True:
        try:
            one_round(cli, key, n)
        except (Exited, Failed) as error:
            say(error=f"printed: {error}", of=[n] if mode != "blocking" else [])
            cli.end()
            say(note="again")
            cli = RedisCli(port)
        n += 1
        if mode != "blocking":
            time.sleep(PACE)


main()
