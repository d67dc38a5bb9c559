/**
 * Bursts of the list that find our server in different states: just started, after two quiet minutes, and busy all the time.
 * The first two relative to the last say what people wait for whose request comes first.
 */
import { summarize, sendLoad, type LoadFigures, type MeasuredServer } from './load.ts'
import { round2, type BenchSummary } from './report.ts'
import type { OperationRequests } from './requests.ts'

/** Longer than idle database connections are commonly kept: one minute. */
const SILENCE_MS = 125_000
const BURST = { connections: 16, seconds: 1 }

interface BurstsOptions {
  /** A server that has answered nothing yet. */
  fresh: MeasuredServer
  requests: OperationRequests['ours']
  rounds: number
  log: (line: string) => void
}

export async function measureBursts({
  fresh,
  requests,
  rounds,
  log,
}: BurstsOptions): Promise<NonNullable<BenchSummary['bursts']>> {
  const send = () => sendLoad(fresh, requests, BURST)
  const cold = summarize([await send()])
  const afterSilence: LoadFigures[] = []
  const steady: LoadFigures[] = []
  for (let round = 0; round < rounds; round++) {
    // Compiles the code and fills the caches before anything counts as steady.
    for (let count = 0; count < 3; count++) await send()
    steady.push(summarize([await send(), await send()]))
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS))
    afterSilence.push(summarize([await send()]))
  }
  const average = (figures: readonly LoadFigures[], of: (each: LoadFigures) => number) =>
    figures.reduce((sum, each) => sum + of(each), 0) / figures.length
  const describe = (figures: readonly LoadFigures[]) => ({
    ratio: round2(average(figures, ({ cpu }) => cpu) / average(steady, ({ cpu }) => cpu)),
    p99Ms: round2(average(figures, ({ p99 }) => p99)),
  })
  const result = { cold: describe([cold]), afterSilence: describe(afterSilence), steadyP99Ms: describe(steady).p99Ms }
  log(`bursts of the list: ${JSON.stringify(result)}`)
  return result
}
