// What the runtime needs for itself, from its start to its end: benchmarks/load compares the start of RedisProxy with it.
return 0;
