#!/bin/sh
# driver.sh worker PORT JOURNAL, or driver.sh enqueue PORT FROM TO. See ../README.md.
set -eu
folder=$(dirname "$0")
role=$1
export PROXY_PORT="$2"
case "$role" in
worker)
    export JOURNAL="$3"
    exec sidekiq -c 2 -t 1 -r "$folder/driver.rb"
    ;;
enqueue) exec ruby "$folder/driver.rb" "$3" "$4" ;;
esac
