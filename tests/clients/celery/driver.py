"""Celery: a worker, with or without remote control, or a program that gives it jobs. See ../README.md."""

import os
import sys
import time

from celery import Celery
from kombu.exceptions import ChannelError, OperationalError
from redis.exceptions import RedisError

PACE = 0.05
PORT = sys.argv[2]

app = Celery("jobs", broker=f"redis://127.0.0.1:{PORT}/0")


def note(line):
    with open(os.environ["JOURNAL"], "a", encoding="ascii") as journal:
        journal.write(line + "\n")


@app.task(name="run")
def run(number):
    note(f"begin {number}")
    while number % 100 == 0 and not os.path.exists(f"{os.environ['JOURNAL']}.{number}"):
        time.sleep(PACE)
    note(f"end {number}")


def enqueue(first, end):
    for number in range(first, end):
        try:
            run.apply_async((number,), retry=False)
            print(f"given {number}", flush=True)
        except (RedisError, OperationalError, ChannelError) as error:
            print(f"unknown {number}: {error}", flush=True)
        time.sleep(PACE)


def main():
    role = sys.argv[1]
    if role == "enqueue":
        enqueue(int(sys.argv[3]), int(sys.argv[4]))
        return
    os.environ["JOURNAL"] = sys.argv[3]
    options = ["worker", "--concurrency", "2", "--loglevel", "INFO", "--hostname", f"{os.getpid()}@%h"]
    if role == "worker-alone":
        app.conf.worker_enable_remote_control = False
        options += ["--without-gossip", "--without-mingle"]
    app.worker_main(options)


main()
