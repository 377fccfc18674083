"""Celery: a worker, with or without remote control, or a program that gives it jobs. See ../README.md."""

import os
import sys
import time

from celery import Celery

PACE = 0.05
PORT = sys.argv[2]

app = Celery("jobs", broker=f"redis://127.0.0.1:{PORT}/0")


@app.task(name="run")
def run(number):
    with open(os.environ["JOURNAL"], "a", encoding="ascii") as journal:
        journal.write(f"{number}\n")


def main():
    role = sys.argv[1]
    if role == "enqueue":
        for number in range(int(sys.argv[3]), int(sys.argv[4])):
            run.delay(number)
            time.sleep(PACE)
        return
    os.environ["JOURNAL"] = sys.argv[3]
    options = ["worker", "--pool", "solo", "--loglevel", "INFO"]
    if role == "worker-alone":
        app.conf.worker_enable_remote_control = False
        options += ["--without-gossip", "--without-mingle"]
    app.worker_main(options)


main()
