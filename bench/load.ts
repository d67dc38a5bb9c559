/** Bursts of requests, what they cost in CPU, and how long each took. */
import autocannon, { type Client, type Request } from 'autocannon'
import { cpuBetween, cpuOf, serversOf } from './processes.ts'

/** A server to be measured: where it listens, its process, and the database that works for it. */
export interface Side {
  port: number
  pid: number
  postmaster: number
  database: string
}

export interface Burst {
  done: number
  /** Answers other than 2xx, and connections that failed. */
  failed: number
  seconds: number
  /** Milliseconds of CPU of the application and of PostgreSQL. */
  app: number
  database: number
  /** Milliseconds of each answer, in no order. */
  times: number[]
}

/** Sends `requests` round and round over `connections`, each connection beginning at another one. */
export async function burst(
  side: Side,
  requests: readonly Request[],
  { connections, seconds }: { connections: number; seconds: number },
): Promise<Burst> {
  const times: number[] = []
  let started = 0
  const measured = () => [cpuOf([side.pid]), cpuOf(serversOf(side.postmaster, side.database))] as const
  const before = measured()
  const began = performance.now()
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon(
      {
        url: `http://127.0.0.1:${side.port}`,
        connections,
        duration: seconds,
        timeout: 30,
        setupClient: (client: Client) => {
          const at = Math.floor((started++ * requests.length) / connections)
          // A part of them each: encoding thousands takes the driver so long that the first answers would seem late.
          client.setRequests([...requests.slice(at), ...requests.slice(0, at)].slice(0, 50))
        },
      },
      (error, done) => (error ? reject(error as Error) : resolve(done)),
    )
    run.on('response', (_client, _status, _bytes, ms) => {
      times.push(ms)
    })
  })
  const after = measured()
  return {
    done: result['2xx'],
    failed: result.non2xx + result.errors,
    seconds: (performance.now() - began) / 1000,
    app: cpuBetween(before[0], after[0]),
    database: cpuBetween(before[1], after[1]),
    times,
  }
}

export interface Figures {
  perSecond: number
  p50: number
  p99: number
  app: number
  database: number
  /** Milliseconds of CPU a request. */ cpu: number
  failed: number
  done: number
}

/** The bursts of one side together. */
export function figures(bursts: readonly Burst[]): Figures {
  const sum = (of: (burst: Burst) => number) => bursts.reduce((all, each) => all + of(each), 0)
  const done = sum((each) => each.done)
  const times = bursts.flatMap((each) => each.times).sort((a, b) => a - b)
  const app = sum((each) => each.app) / done,
    database = sum((each) => each.database) / done
  return {
    done,
    failed: sum((each) => each.failed),
    perSecond: done / sum((each) => each.seconds),
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    app,
    database,
    cpu: app + database,
  }
}

export const percentile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN

/**
 * Bursts of both sides in turn, so that a machine that is busy for a moment is busy for both. The first of each warms up and is
 * thrown away.
 */
export async function duel<Name extends string>(
  sides: Record<Name, { side: Side; requests: readonly Request[] }>,
  {
    connections,
    seconds,
    rounds,
    before = async () => {},
  }: { connections: number; seconds: number; rounds: number; before?: () => Promise<void> },
): Promise<Record<Name, Figures>> {
  const names = Object.keys(sides) as Name[]
  const bursts = Object.fromEntries(names.map((name) => [name, [] as Burst[]])) as Record<Name, Burst[]>
  for (let round = 0; round <= rounds; round++) {
    for (const name of round % 2 ? [...names].reverse() : names) {
      await before()
      await quiet(sides[name].side)
      const { side, requests } = sides[name]
      const made = await burst(side, requests, { connections, seconds: round === 0 ? 1 : seconds })
      if (round > 0) bursts[name].push(made)
    }
  }
  return Object.fromEntries(names.map((name) => [name, figures(bursts[name])])) as Record<Name, Figures>
}

/** Waits until a side has done what the burst before left behind: 64 sign-ins nobody waits for any more take a second. */
async function quiet({ pid }: Side): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const before = cpuOf([pid])
    await new Promise((resolve) => setTimeout(resolve, 50))
    if (cpuBetween(before, cpuOf([pid])) < 5) return
  }
}
