// What both Node.js clients have in common: the rounds, and how they are reported. See ../README.md.

const PACE = 20
const BATCH = 5

export const say = (what) => process.stdout.write(JSON.stringify(what) + '\n')

export const describe = (error) => `${error.constructor.name}: ${error.message}`

const pause = () => new Promise((resolve) => setTimeout(resolve, PACE))

const check = (got, i) => {
  if (got !== `value-${i}`) say({ wrong: `GET const:${i}: ${got}` })
}

async function plain(client, key, n) {
  try {
    await client.push(key, n)
    say({ ack: [n] })
  } catch (error) {
    say({ error: describe(error), of: [n] })
    return
  }
  try {
    check(await client.get(`const:${n % 10}`), n % 10)
  } catch (error) {
    say({ error: describe(error), of: [] })
  }
}

// client.batch: [[number, error or null, reply of GET, its error or null]…]
async function pipelined(client, key, n) {
  const numbers = Array.from({ length: BATCH }, (_, i) => n * BATCH + i)
  try {
    for (const [number, pushError, constant, getError] of await client.batch(key, numbers)) {
      say(pushError ? { error: describe(pushError), of: [number] } : { ack: [number] })
      if (getError) say({ error: describe(getError), of: [] })
      else check(constant, number % 10)
    }
  } catch (error) {
    say({ error: describe(error), of: numbers })
  }
}

async function transactional(client, key, n) {
  try {
    const [first, second] = await client.transaction(key, `${key}:twin`, n)
    if (typeof first !== 'number' || first !== second) say({ wrong: `EXEC: ${first}, ${second}` })
    say({ ack: [n] })
  } catch (error) {
    say({ error: describe(error), of: [n] })
  }
}

async function blocking(client, key) {
  for (;;) {
    try {
      say({ ack: [Number(await client.pop(key))] })
    } catch (error) {
      say({ error: describe(error), of: [] })
    }
  }
}

export async function run(client, mode, key) {
  if (mode === 'pubsub') {
    await client.subscribe('ticks', (message) => say({ ack: [Number(message)] }))
  } else if (mode === 'blocking') {
    await blocking(client, key)
  } else {
    const round = { plain, pipelined, transactional }[mode]
    for (let n = 0; ; n++) {
      await round(client, key, n)
      await pause()
    }
  }
}
