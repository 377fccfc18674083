import { createRequire } from 'node:module'
import { createClient } from 'redis'
import { describe, run, say } from './driver.mjs'

const [mode, port, key] = process.argv.slice(2)
say({ client: `node-redis ${createRequire(import.meta.url)('redis/package.json').version}` })

const redis = createClient({ url: `redis://127.0.0.1:${port}` })
redis.on('error', (error) => say({ note: describe(error) }))
await redis.connect()

const client = {
  push: (list, n) => redis.rPush(list, String(n)),
  get: (name) => redis.get(name),
  pop: async (list) => (await redis.blPop(list, 0)).element,

  // What is asked for in one turn of the event loop goes out as one pipeline.
  async batch(list, numbers) {
    const asked = numbers.flatMap((n) => [redis.rPush(list, String(n)), redis.get(`const:${n % 10}`)])
    const replies = await Promise.allSettled(asked)
    return numbers.map((n, i) => [n, replies[2 * i].reason, replies[2 * i + 1].value, replies[2 * i + 1].reason])
  },

  transaction: (first, second, n) => redis.multi().rPush(first, String(n)).rPush(second, String(n)).exec(),

  subscribe: (channel, receive) => redis.subscribe(channel, receive),
}

await run(client, mode, key)
