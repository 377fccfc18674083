#!/bin/sh
# Starts redis or Sentinel: start.sh redis|sentinel [further arguments of the program]
#
# A failover rewrites the configuration of both. So the first start creates it in the data folder, and later ones use it as it is by then: a
# former master comes back in the role that the Sentinels have given it.
set -eu
kind=$1
shift

NAME=${NAME:-$(hostname)}
DATA=${DATA:-/data}
CONFIGURATION=$DATA/$kind.conf

if [ ! -e "$CONFIGURATION" ]; then
    cat "$(dirname "$0")/$kind.conf" >"$CONFIGURATION.new"
    echo "dir $DATA" >>"$CONFIGURATION.new"
    case "$kind" in
    redis)
        echo "replica-announce-ip $NAME" >>"$CONFIGURATION.new"
        [ "$NAME" = redis-1 ] || echo "replicaof redis-1 6379" >>"$CONFIGURATION.new"
        ;;
    sentinel) echo "sentinel announce-ip $NAME" >>"$CONFIGURATION.new" ;;
    esac
    mv "$CONFIGURATION.new" "$CONFIGURATION"
fi

case "$kind" in
redis) exec redis-server "$CONFIGURATION" "$@" ;;
sentinel) exec redis-sentinel "$CONFIGURATION" "$@" ;;
esac
