// BullMQ: a worker, or a program that gives it jobs. See ../README.md.
import { appendFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'

const [role, port, ...rest] = process.argv.slice(2)
const connection = { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null }

if (role === 'worker') {
  const worker = new Worker('jobs', async (job) => appendFileSync(rest[0], `${job.data.number}\n`), { connection })
  worker.on('error', (error) => console.log(`error: ${error.message}`))
} else {
  const queue = new Queue('jobs', { connection })
  queue.on('error', (error) => console.log(`error: ${error.message}`))
  for (let number = Number(rest[0]); number < Number(rest[1]); number++) {
    await queue.add('run', { number })
    await setTimeout(50)
  }
  await queue.close()
}
