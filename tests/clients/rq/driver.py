"""RQ: a worker, or a program that gives it jobs. See ../README.md."""

import os
import sys
import time

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker

PACE = 0.05


def note(line):
    with open(os.environ["JOURNAL"], "a", encoding="ascii") as journal:
        journal.write(line + "\n")


def run(number):
    note(f"begin {number}")
    while number % 100 == 0 and not os.path.exists(f"{os.environ['JOURNAL']}.{number}"):
        time.sleep(PACE)
    note(f"end {number}")


def main():
    role, port = sys.argv[1], int(sys.argv[2])
    connection = Redis(host="127.0.0.1", port=port)
    if role == "worker":
        os.environ["JOURNAL"] = sys.argv[3]
        Worker(["jobs"], connection=connection).work()
        return
    queue = Queue("jobs", connection=connection)
    for number in range(int(sys.argv[3]), int(sys.argv[4])):
        try:
            queue.enqueue("driver.run", number)
            print(f"given {number}", flush=True)
        except RedisError as error:
            print(f"unknown {number}: {error}", flush=True)
        time.sleep(PACE)


if __name__ == "__main__":
    main()
