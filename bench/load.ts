/** Sends load to a server and measures its CPU time and latencies. */
import autocannon, { type Client, type Request } from 'autocannon'
import { cpuBetween, readCpuTimes, postgresPids } from './processes.ts'

/** A server under measurement: its port, its process and its database. */
export interface MeasuredServer {
  port: number
  pid: number
  postmaster: number
  database: string
}

export interface LoadResult {
  done: number
  /** Responses other than 2xx, and failed connections. */
  failed: number
  seconds: number
  /** Milliseconds of CPU of the application and of PostgreSQL. */
  app: number
  database: number
  /** Latencies in milliseconds, unordered. */
  times: number[]
}

/** Cycles through `requests` on every connection; each connection starts at a different request. */
export async function sendLoad(
  server: MeasuredServer,
  requests: readonly Request[],
  { connections, seconds }: { connections: number; seconds: number },
): Promise<LoadResult> {
  const times: number[] = []
  let started = 0
  const readCpu = () =>
    [readCpuTimes([server.pid]), readCpuTimes(postgresPids(server.postmaster, server.database))] as const
  const before = readCpu()
  const began = performance.now()
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon(
      {
        url: `http://127.0.0.1:${server.port}`,
        connections,
        duration: seconds,
        timeout: 30,
        setupClient: (client: Client) => {
          const offset = Math.floor((started++ * requests.length) / connections)
          // At most 50 per connection: encoding thousands would delay the first requests and inflate their latency.
          client.setRequests([...requests.slice(offset), ...requests.slice(0, offset)].slice(0, 50))
        },
      },
      (error, done) => (error ? reject(error as Error) : resolve(done)),
    )
    run.on('response', (_client, _status, _bytes, ms) => {
      times.push(ms)
    })
  })
  const after = readCpu()
  return {
    done: result['2xx'],
    failed: result.non2xx + result.errors,
    seconds: (performance.now() - began) / 1000,
    app: cpuBetween(before[0], after[0]),
    database: cpuBetween(before[1], after[1]),
    times,
  }
}

export interface LoadFigures {
  perSecond: number
  p50: number
  p99: number
  app: number
  database: number
  /** Milliseconds of CPU a request. */ cpu: number
  failed: number
  done: number
}

/** Combines the results of one server. */
export function summarize(bursts: readonly LoadResult[]): LoadFigures {
  const sum = (of: (sendLoad: LoadResult) => number) => bursts.reduce((all, each) => all + of(each), 0)
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
 * Loads the servers in turn, so that a busy moment of the machine affects all of them. The first round warms up and is
 * not counted.
 */
export async function compareServers<Name extends string>(
  servers: Record<Name, { server: MeasuredServer; requests: readonly Request[] }>,
  {
    connections,
    seconds,
    rounds,
    before = async () => {},
  }: { connections: number; seconds: number; rounds: number; before?: () => Promise<void> },
): Promise<Record<Name, LoadFigures>> {
  const names = Object.keys(servers) as Name[]
  const bursts = Object.fromEntries(names.map((name) => [name, [] as LoadResult[]])) as Record<Name, LoadResult[]>
  for (let round = 0; round <= rounds; round++) {
    for (const name of round % 2 ? [...names].reverse() : names) {
      await before()
      await waitUntilIdle(servers[name].server)
      const { server, requests } = servers[name]
      const result = await sendLoad(server, requests, { connections, seconds: round === 0 ? 1 : seconds })
      if (round > 0) bursts[name].push(result)
    }
  }
  return Object.fromEntries(names.map((name) => [name, summarize(bursts[name])])) as Record<Name, LoadFigures>
}

/** Waits until the server has finished the previous load: 64 abandoned sign-ins take about a second. */
async function waitUntilIdle({ pid }: MeasuredServer): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const before = readCpuTimes([pid])
    await new Promise((resolve) => setTimeout(resolve, 50))
    if (cpuBetween(before, readCpuTimes([pid])) < 5) return
  }
}
