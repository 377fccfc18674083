// BullMQ: a worker, or a program that gives it jobs. See ../README.md.
import { appendFileSync, existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'

const PACE = 50
const [role, port, ...rest] = process.argv.slice(2)
const connection = { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null }

if (role === 'worker') {
  const journal = rest[0]
  const worker = new Worker('jobs', async ({ data: { number } }) => {
    appendFileSync(journal, `begin ${number}\n`)
    while (number % 100 === 0 && !existsSync(`${journal}.${number}`)) {
      await setTimeout(PACE)
    }
    appendFileSync(journal, `end ${number}\n`)
  }, { connection })
  worker.on('error', (error) => console.log(`error: ${error.message}`))
  worker.on('failed', (job, error) => console.log(`error: job ${job?.data.number} failed: ${error.message}`))
} else {
  const queue = new Queue('jobs', { connection })
  queue.on('error', (error) => console.log(`error: ${error.message}`))
  for (let number = Number(rest[0]); number < Number(rest[1]); number++) {
    try {
      await queue.add('run', { number }, { jobId: `job-${number}` })
      console.log(`given ${number}`)
    } catch (error) {
      console.log(`unknown ${number}: ${error.message}`)
    }
    await setTimeout(PACE)
  }
  await queue.close()
}
