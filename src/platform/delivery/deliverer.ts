/** Sends the mails of the outbox: wakes up when one is written, sweeps for what was missed, and retries. */
import { BACKOFF, createAttempt, jittered, type AttemptOptions } from './attempt.ts'
import { inTransaction } from '../database/transaction.ts'
import { claim, undoClockSteps, wipeOldTokens, type Claim, type Which } from './queue.ts'
import type { Transport } from './smtp.ts'

export interface DelivererOptions extends AttemptOptions {
  /** Null: mail is not configured, so everything waits and nothing is counted as an attempt. */
  transport: Transport | null
  /** Mails that are sent at the same time. */
  concurrency?: number
  /** Writes mails that became due without anybody writing them: changes that were collected. Called by each sweep. */
  collect?: () => Promise<void>
  /** Milliseconds of real time between sweeps. */
  sweepEvery?: number
}

export interface Deliverer {
  /** From now on it works by itself. Before, it delivers only what `deliver` names. */
  start(): void
  /** Takes nothing new, lets running attempts end, and cuts them off after `timeout` ms. What waits stays as it is. */
  stop(timeout?: number): Promise<void>
  /** Something was committed to the outbox. Returns at once, never throws; a thousand calls at once are one look. */
  wake(): void
  /** Attempts everything that is due or whose lease ran out, until nothing is due. Runs by itself. */
  sweep(): Promise<void>
  /** Writes mails that became due, and sends none; for tests. */
  collect(): Promise<void>
  /** One attempt at one row, if it is due; for tests. */
  deliver(account: string, id: string): Promise<void>
  /** Whether mail goes out as far as it depends on us, for /ready. */
  running(): boolean
}

const HOUR = 3_600_000
/** No link of ours lives longer than this; an older token is of use only to a thief. */
const TOKEN_KEPT_MS = 8 * 24 * HOUR
/** Looks that may fail in a row before we report that we are not ready. */
const TOLERATED_FAILURES = 3
const FIRST_RETRY_MS = 250

export function createDeliverer(options: DelivererOptions): Deliverer {
  const { systemPool, transport, clock, log, sweepEvery = 30_000, collect = async () => {} } = options
  const attempt = createAttempt(options)
  const cutOff = new AbortController()
  const singleAttempts = new Set<Promise<void>>()
  const workers = createWorkers({
    concurrency: options.concurrency ?? 5,
    claimDue: () => claimRow(),
    attempt: (row) => attempt(row, transport!, cutOff.signal),
    onError: (error, failures) => {
      log.warn({ err: error, failures }, 'Mail is delayed')
      scheduleRetry(failures)
    },
  })
  let sweepTimer: NodeJS.Timeout | undefined
  let retryTimer: NodeJS.Timeout | undefined
  let started = false
  let stopping = false
  let wipedAt = 0

  const claimRow = (only?: Which) =>
    inTransaction(systemPool, { settings: null, write: true }, ({ db }) => claim(db, clock.now(), only))

  function look(): void {
    if (transport && !stopping) workers.look()
  }

  /** The database is away: the rows are still there, and their leases end. */
  function scheduleRetry(failures: number): void {
    if (stopping || retryTimer) return
    const delay = Math.min(sweepEvery, jittered(FIRST_RETRY_MS * 2 ** Math.min(failures, 10)))
    retryTimer = setTimeout(() => {
      retryTimer = undefined
      look()
    }, delay)
  }

  const healQueue = () =>
    inTransaction(systemPool, { settings: null, write: true }, ({ db }) => undoClockSteps(db, clock.now(), BACKOFF))

  async function wipeTokens(): Promise<void> {
    const now = clock.now().getTime()
    if (Math.abs(now - wipedAt) <= HOUR) return
    wipedAt = now
    await inTransaction(systemPool, { settings: null, write: true }, ({ db }) =>
      wipeOldTokens(db, new Date(now - TOKEN_KEPT_MS)),
    )
  }

  function sweepRegularly(): void {
    wipeTokens().catch((error: unknown) => log.warn({ err: error }, 'Old tokens could not be wiped'))
    const healed = healQueue().catch((error: unknown) =>
      log.warn({ err: error }, 'Mail that waits too long could not be looked for'),
    )
    const collected = collect().catch((error: unknown) => log.warn({ err: error }, 'Collected mail is delayed'))
    void Promise.all([healed, collected]).finally(look)
    sweepTimer = setTimeout(sweepRegularly, sweepEvery)
  }

  return {
    start() {
      started = true
      sweepRegularly()
    },
    async stop(timeout = 5000) {
      stopping = true
      workers.stop()
      clearTimeout(sweepTimer)
      clearTimeout(retryTimer)
      const cutOffTimer = setTimeout(() => cutOff.abort(), timeout)
      await Promise.allSettled([workers.idle(), ...singleAttempts])
      clearTimeout(cutOffTimer)
    },
    wake() {
      if (started) look()
    },
    async sweep() {
      if (stopping) return
      await wipeTokens()
      await healQueue()
      await collect()
      look()
      await workers.idle()
    },
    collect,
    async deliver(account, id) {
      if (!transport || stopping) return
      const single = claimRow({ account, id })
        .then((row) => (row ? attempt(row, transport, cutOff.signal) : undefined))
        .finally(() => singleAttempts.delete(single))
      singleAttempts.add(single)
      await single
    },
    running: () => started && !stopping && workers.failures() < TOLERATED_FAILURES,
  }
}

interface WorkerOptions {
  concurrency: number
  claimDue(): Promise<Claim | null>
  attempt(row: Claim): Promise<void>
  onError(error: unknown, failures: number): void
}

/** At most `concurrency` workers: each attempts one due row after the other, and ends when nothing is due. */
function createWorkers({ concurrency, claimDue, attempt, onError }: WorkerOptions) {
  const running = new Set<Promise<void>>()
  let count = 0
  let claiming = 0
  let failures = 0
  let stopping = false
  /** How often a look was asked for, and how often that had been when a worker last found nothing. */
  let requested = 0
  let emptyAt = 0

  function startWorker(): void {
    if (count >= concurrency || stopping) return
    count++
    const worker = workUntilEmpty()
      .catch((error: unknown) => {
        failures++
        onError(error, failures)
      })
      .finally(() => running.delete(worker))
    running.add(worker)
  }

  async function workUntilEmpty(): Promise<void> {
    try {
      while (!stopping && emptyAt < requested) {
        const seen = requested
        claiming++
        const row = await claimDue().finally(() => claiming--)
        failures = 0
        if (row) {
          startWorker()
          await attempt(row)
        } else emptyAt = Math.max(emptyAt, seen)
      }
    } finally {
      // Without an await after the last check of `requested`: the next look finds this worker going on, or a free place.
      count--
    }
  }

  return {
    /** Who is claiming now claims again when it finds nothing, and starts another worker when it finds something. */
    look() {
      requested++
      if (claiming === 0) startWorker()
    },
    stop() {
      stopping = true
    },
    async idle() {
      while (running.size > 0) await Promise.all(running)
    },
    failures: () => failures,
  }
}
