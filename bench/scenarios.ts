/** Measurements that compare our own figures with each other. */
import type { Request } from 'autocannon'
import type { Connect } from '../src/platform/database/connect.ts'
import { openWorld, withClient, type BenchWorld } from './dataset.ts'
import { compareServers, sendLoad, summarize, type MeasuredServer } from './load.ts'
import { round2, type BenchSummary, type OperationRow } from './report.ts'
import { buildCustomerSearches, buildRequests, type OperationName, type OperationRequests } from './requests.ts'
import type { Servers } from './servers.ts'

/** The p99 of the list while 64 people sign in at once, relative to the p99 without load. */
export async function measureLoginStorm(
  ours: MeasuredServer,
  operations: Record<OperationName, OperationRequests>,
  log: (line: string) => void,
): Promise<BenchSummary['loginStorm']> {
  const list = (seconds: number) => sendLoad(ours, operations.list.ours, { connections: 4, seconds })
  await list(1)
  const quiet = summarize([await list(6)])
  const storm = sendLoad(ours, operations.login.ours, { connections: 64, seconds: 8 })
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const busy = summarize([await list(6)])
  const signIns = await storm
  const counts = `${signIns.done} sign-ins (${signIns.failed} refused)`
  log(`login storm: list p99 ${quiet.p99.toFixed(1)} ms quiet, ${busy.p99.toFixed(1)} ms during ${counts}`)
  return {
    ratio: round2(busy.p99 / quiet.p99),
    quietP99Ms: round2(quiet.p99),
    p99Ms: round2(busy.p99),
    signIns: signIns.done,
    refused: signIns.failed + busy.failed,
  }
}

export interface GrowthOptions {
  admin: Connect
  servers: Servers
  seconds: number
  rounds: number
  log: (line: string) => void
}

/** Our CPU per request at 1,000,000 jobs, relative to 100,000. */
export async function measureGrowth(
  world: BenchWorld,
  ours: MeasuredServer,
  { admin, servers, seconds, rounds, log }: GrowthOptions,
): Promise<NonNullable<BenchSummary['growth']>> {
  const isLarge = world.size === '1m'
  const otherWorld = await openWorld(admin, isLarge ? '100k' : '1m', log)
  const otherServer = await servers.startOurs(otherWorld)
  const first = { world, server: ours }
  const second = { world: otherWorld, server: otherServer }
  const [small, large] = isLarge ? [second, first] : [first, second]
  const compare = async (requestsOf: (world: BenchWorld) => Request[], connections = 16) => {
    const result = await compareServers(
      {
        small: { server: small.server, requests: requestsOf(small.world) },
        large: { server: large.server, requests: requestsOf(large.world) },
      },
      {
        connections,
        seconds,
        rounds,
        before: async () => {
          for (const side of [small, large]) await resetRateLimits(side.world)
        },
      },
    )
    return round2(result.large.cpu / result.small.cpu)
  }
  const compareOperation = (name: OperationName) => compare((each) => buildRequests(each)[name].ours)
  const growth = {
    list: await compareOperation('list'),
    open: await compareOperation('open'),
    search: await compare((each) => buildCustomerSearches(each, 1)),
    create: await compareOperation('create'),
    searchLargest: await compare((each) => buildCustomerSearches(each, 0), 4),
    staffList: await compareOperation('staffList'),
    partnerLike200: await compareOperation('partnerLike200'),
  }
  log(`growth 100k to 1m: ${JSON.stringify(growth)}`)
  return growth
}

export const resetRateLimits = (world: BenchWorld): Promise<void> =>
  withClient(world.connect, async (db) => {
    await db.query('truncate rate_limits, guesses')
  })

/** CPU per request of the user with 200 customers relative to those with three, averaged over connection counts. */
export function comparePartner(table: readonly OperationRow[]): number | null {
  const withThree = table.filter((row) => row.name === 'list')
  const withMany = table.filter((row) => row.name === 'partnerLike200')
  if (withThree.length === 0 || withMany.length === 0) return null
  const ratios = withMany.map((row) => {
    const three = withThree.find((each) => each.connections === row.connections)!
    return row.ours.cpu / three.ours.cpu
  })
  return round2(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length)
}
