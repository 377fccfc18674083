import { createRequire } from 'node:module'
import { createClient } from 'redis-6'
import { describe, run, say } from './driver.mjs'

// SETTING MODE PORT KEY, with SETTING as maintNotifications: auto, which is the client's default, or disabled.
const [setting, mode, port, key] = process.argv.slice(2)
say({ client: `node-redis ${createRequire(import.meta.url)('redis-6/package.json').version}` })

// This client's time-out for commands ends when they are written; that for replies is the socket's, after which it would by default not
// connect again.
const redis = createClient({
  url: `redis://127.0.0.1:${port}`,
  maintNotifications: setting,
  socket: { socketTimeout: 500, reconnectStrategy: () => 50 },
})
redis.on('error', (error) => say({ note: describe(error) }))
await redis.connect()

const client = {
  push: (list, n) => redis.rPush(list, String(n)),
  get: (name) => redis.get(name),

  async batch(list, numbers) {
    const asked = numbers.flatMap((n) => [redis.rPush(list, String(n)), redis.get(`const:${n % 10}`)])
    const replies = await Promise.allSettled(asked)
    return numbers.map((n, i) => [n, replies[2 * i].reason, replies[2 * i + 1].value, replies[2 * i + 1].reason])
  },
}

await run(client, mode, key)
