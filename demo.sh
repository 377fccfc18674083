#!/bin/sh
# Shows, on one machine, what the proxy does for an application while Redis fails over. See ./demo.sh --help.
set -eu
cd "$(dirname "$0")"
. tests/require.sh

require_dotnet
asks_for_help "$@" || require redis-server:redis-server redis-sentinel:redis-sentinel redis-cli:redis-tools
build src/RedisProxy demo/RedisProxy.Demo

# The shell becomes the demo, so that Ctrl-C and exit codes reach it directly.
exec dotnet demo/RedisProxy.Demo/bin/Release/net10.0/RedisProxy.Demo.dll "$@"
