"""redis-py, as an application that knows the proxy's address and nothing else. See ../README.md."""

import json
import sys
import time

import redis
from redis.sentinel import Sentinel

PACE = 0.02
BATCH = 5


def say(**what):
    print(json.dumps(what), flush=True)


def describe(error):
    return f"{type(error).__name__}: {error}"


def check(got, i):
    if got != f"value-{i}":
        say(wrong=f"GET const:{i}: {got!r}")


def plain(client, key, n):
    try:
        client.rpush(key, n)
        say(ack=[n])
    except redis.RedisError as error:
        say(error=describe(error), of=[n])
        return
    try:
        check(client.get(f"const:{n % 10}"), n % 10)
    except redis.RedisError as error:
        say(error=describe(error), of=[])


def pipelined(client, key, n):
    numbers = range(n * BATCH, (n + 1) * BATCH)
    pipeline = client.pipeline(transaction=False)
    for number in numbers:
        pipeline.rpush(key, number).get(f"const:{number % 10}")
    try:
        replies = pipeline.execute(raise_on_error=False)
    except redis.RedisError as error:
        say(error=describe(error), of=list(numbers))
        return
    for i, number in enumerate(numbers):
        pushed, constant = replies[2 * i], replies[2 * i + 1]
        if isinstance(pushed, Exception):
            say(error=describe(pushed), of=[number])
        else:
            say(ack=[number])
        if isinstance(constant, Exception):
            say(error=describe(constant), of=[])
        else:
            check(constant, number % 10)


def transactional(client, key, n):
    try:
        first, second = client.pipeline().rpush(key, n).rpush(f"{key}:twin", n).execute()
        if first != second:
            say(wrong=f"EXEC: {first}, {second}")
        say(ack=[n])
    except redis.RedisError as error:
        say(error=describe(error), of=[n])


def pubsub(client):
    while True:
        subscription = client.pubsub()
        try:
            subscription.subscribe("ticks")
            for message in subscription.listen():
                if message["type"] == "message":
                    say(ack=[int(message["data"])])
        except redis.RedisError as error:
            # A subscription whose connection was lost cannot listen again.
            say(error=describe(error), of=[])
            say(note="again")
            subscription.close()
            time.sleep(PACE)


def blocking(client, key):
    while True:
        try:
            _, element = client.blpop(key, 0)
            say(ack=[int(element)])
        except redis.RedisError as error:
            say(error=describe(error), of=[])


def main():
    mode, port, key = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    say(client=f"redis-py {redis.__version__}")
    if len(sys.argv) > 4:
        sentinel, master = int(sys.argv[4]), sys.argv[5]
        client = Sentinel([("127.0.0.1", sentinel)], decode_responses=True).master_for(master)
    else:
        client = redis.Redis(host="127.0.0.1", port=port, decode_responses=True)
    if mode == "pubsub":
        pubsub(client)
    elif mode == "blocking":
        blocking(client, key)
    else:
        one_round = {"plain": plain, "pipelined": pipelined, "transactional": transactional}[mode]
        n = 0
        while True:
            one_round(client, key, n)
            n += 1
            time.sleep(PACE)


main()
