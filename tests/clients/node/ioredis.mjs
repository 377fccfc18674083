import { createRequire } from 'node:module'
import { Redis } from 'ioredis'
import { describe, run, say } from './driver.mjs'

const [mode, port, key, sentinel, master] = process.argv.slice(2)
say({ client: `ioredis ${createRequire(import.meta.url)('ioredis/package.json').version}` })

const redis = sentinel
  ? new Redis({ sentinels: [{ host: '127.0.0.1', port: Number(sentinel) }], name: master })
  : new Redis(Number(port), '127.0.0.1')
redis.on('error', (error) => say({ note: describe(error) }))

const client = {
  push: (list, n) => redis.rpush(list, n),
  get: (name) => redis.get(name),
  pop: async (list) => (await redis.blpop(list, 0))[1],

  async batch(list, numbers) {
    const pipeline = redis.pipeline()
    for (const n of numbers) pipeline.rpush(list, n).get(`const:${n % 10}`)
    const replies = await pipeline.exec()
    return numbers.map((n, i) => [n, replies[2 * i][0], replies[2 * i + 1][1], replies[2 * i + 1][0]])
  },

  async transaction(first, second, n) {
    const replies = await redis.multi().rpush(first, n).rpush(second, n).exec()
    return replies.map(([error, reply]) => {
      if (error) throw error
      return reply
    })
  },

  async subscribe(channel, receive) {
    redis.on('message', (_, message) => receive(message))
    await redis.subscribe(channel)
  },
}

await run(client, mode, key)
