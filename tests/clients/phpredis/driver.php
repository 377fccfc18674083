<?php
// phpredis, as an application that knows the proxy's address and nothing else. See ../README.md.

const PACE_MICROSECONDS = 20000;
const BATCH = 5;

// Before 6.0 it waits for more after an error in reply to EXEC, until its read timeout. This one is longer than the proxy of the tests holds.
const READ_TIMEOUT_SECONDS = 25;

function say(array $what): void
{
    fwrite(STDOUT, json_encode($what) . "\n");
}

function describe(RedisException $error): string
{
    return get_class($error) . ': ' . $error->getMessage();
}

function check(mixed $got, int $i): void
{
    if ($got !== "value-$i") {
        say(['wrong' => "GET const:$i: " . json_encode($got)]);
    }
}

function plain(Redis $redis, string $key, int $n): void
{
    try {
        $length = $redis->rPush($key, $n);
        say(is_int($length) ? ['ack' => [$n]] : ['wrong' => 'RPUSH: ' . json_encode($length) . ', ' . $redis->getLastError()]);
    } catch (RedisException $error) {
        say(['error' => describe($error), 'of' => [$n]]);
        return;
    }
    try {
        check($redis->get('const:' . $n % 10), $n % 10);
    } catch (RedisException $error) {
        say(['error' => describe($error), 'of' => []]);
    }
}

function pipelined(Redis $redis, string $key, int $n): void
{
    $numbers = range($n * BATCH, ($n + 1) * BATCH - 1);
    try {
        $redis->clearLastError();
        $redis->multi(Redis::PIPELINE);
        foreach ($numbers as $number) {
            $redis->rPush($key, $number);
            $redis->get('const:' . $number % 10);
        }
        $replies = $redis->exec();
        foreach ($numbers as $i => $number) {
            if (is_int($replies[2 * $i])) {
                say(['ack' => [$number]]);
            } else {
                // In a pipeline an error is the value false, and its text is what the client keeps of the last one.
                say(['error' => json_encode($replies[2 * $i]) . ': ' . $redis->getLastError(), 'of' => [$number]]);
            }
            check($replies[2 * $i + 1], $number % 10);
        }
    } catch (RedisException $error) {
        say(['error' => describe($error), 'of' => $numbers]);
    }
}

function transactional(Redis $redis, string $key, int $n): void
{
    try {
        $redis->clearLastError();
        $replies = $redis->multi()->rPush($key, $n)->rPush("$key:twin", $n)->exec();
        if (is_array($replies) && is_int($replies[0]) && $replies[0] === $replies[1]) {
            say(['ack' => [$n]]);
        } elseif ($redis->getLastError() !== null) {
            say(['error' => json_encode($replies) . ': ' . $redis->getLastError(), 'of' => [$n]]);
        } else {
            say(['wrong' => 'EXEC: ' . json_encode($replies)]);
        }
    } catch (RedisException $error) {
        say(['error' => describe($error), 'of' => [$n]]);
    }
}

function pubsub(Redis $redis): void
{
    for (;;) {
        try {
            $redis->subscribe(['ticks'], function (Redis $from, string $channel, string $message): void {
                say(['ack' => [(int) $message]]);
            });
        } catch (RedisException $error) {
            say(['error' => describe($error), 'of' => []]);
        }
        say(['note' => 'again']);
        usleep(PACE_MICROSECONDS);
    }
}

function blocking(Redis $redis, string $key): void
{
    for (;;) {
        try {
            $redis->clearLastError();
            $popped = $redis->blPop($key, 0);
            if (isset($popped[1])) {
                say(['ack' => [(int) $popped[1]]]);
            } else {
                // Where an array is expected, an error is the value false, and its text has to be asked for.
                say(['error' => json_encode($popped) . ': ' . $redis->getLastError(), 'of' => []]);
            }
        } catch (RedisException $error) {
            say(['error' => describe($error), 'of' => []]);
        }
    }
}

[, $mode, $port, $key] = $argv;
say(['client' => 'phpredis ' . phpversion('redis')]);
$redis = new Redis();
$redis->connect('127.0.0.1', (int) $port);
if ($mode === 'pubsub') {
    pubsub($redis);
} elseif ($mode === 'blocking') {
    blocking($redis, $key);
} elseif ($mode === 'transactional') {
    $redis->setOption(Redis::OPT_READ_TIMEOUT, READ_TIMEOUT_SECONDS);
}

for ($n = 0;; $n++) {
    ['plain' => 'plain', 'pipelined' => 'pipelined', 'transactional' => 'transactional'][$mode]($redis, $key, $n);
    usleep(PACE_MICROSECONDS);
}
