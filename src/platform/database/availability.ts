/**
 * Notices a database that has gone silent. TCP reports a lost peer only after many minutes, and never while something in
 * between still acknowledges: statements would wait for good. So connections with an unanswered statement are looked at
 * regularly. A silent one makes us ask the database over a fresh connection:
 *
 * - no answer: the database is away. Connections are cut and requests are refused at once, until it answers again.
 * - an answer: only this connection may be lost, as after a failover. It is cut when its process is gone or its time is over.
 *
 * Looks are counted, not seconds, so that a pause of this process never counts as silence of the database.
 */
import pg from 'pg'
import type { Clock } from '../clock.ts'
import { socketOf } from './batching.ts'
import { clientConfig, type Connect } from './connect.ts'
import type { Connection, ConnectionPool } from './connections.ts'
import { timeoutError } from './errors.ts'

const LOOK_EVERY_MS = 250
/** One second without an answer: longer than what requests ask for, in all but rare cases. */
const SUSPICIOUS_LOOKS = 4
const PROBE_TIMEOUT_MS = 1_500
const PROBE_AGAIN_MS = 1_000

export interface AvailabilityOptions {
  connect: Connect
  clock: Clock
  log: { warn(details: object, message: string): void; info(details: object, message: string): void }
}

/** One for each database, shared by the pools of a process. */
export class Availability {
  /** Requests are refused at once. */
  isAway = false
  private readonly options: AvailabilityOptions
  private readonly pools = new Set<ConnectionPool>()
  private readonly timer: NodeJS.Timeout
  private failingSince: Date | null = null
  private probing: Promise<void> | undefined
  private probeTimer: NodeJS.Timeout | undefined

  constructor(options: AvailabilityOptions) {
    this.options = options
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref()
  }

  watch(pool: ConnectionPool): void {
    this.pools.add(pool)
  }

  /** Ends with its last pool. */
  unwatch(pool: ConnectionPool): void {
    this.pools.delete(pool)
    if (this.pools.size > 0) return
    clearInterval(this.timer)
    clearTimeout(this.probeTimer)
  }

  /** Milliseconds since no work of this process could be done; 0 when the last attempt succeeded. */
  failingFor(): number {
    return this.failingSince ? this.options.clock.now().getTime() - this.failingSince.getTime() : 0
  }

  /** A connection could not be opened, or none became free. Asks the database until it answers. */
  reportFailure(error: Error): void {
    if (this.pools.size === 0) return
    if (!this.failingSince) this.options.log.warn({ err: error }, 'The database cannot be used at the moment')
    this.failingSince ??= this.options.clock.now()
    this.probeTimer ??= setTimeout(() => {
      this.probeTimer = undefined
      void this.probe()
    }, PROBE_AGAIN_MS).unref()
  }

  noteAnswer(): void {
    if (!this.failingSince) return
    this.options.log.info({}, 'The database answers again')
    this.failingSince = null
    this.isAway = false
  }

  private *allConnections(): Iterable<[Connection, ConnectionPool]> {
    for (const pool of this.pools) for (const connection of pool.connections) yield [connection, pool]
  }

  private look(): void {
    let isSuspicious = false
    for (const [connection, pool] of this.allConnections()) {
      connection.look()
      const { silentLooks } = connection
      const isOverdue = silentLooks * LOOK_EVERY_MS >= pool.silenceLimitMs
      if (isOverdue) this.cutWithIdle(connection)
      else if (this.isAway && silentLooks >= SUSPICIOUS_LOOKS) connection.cut()
      isSuspicious ||= silentLooks === SUSPICIOUS_LOOKS
    }
    if (isSuspicious) void this.probe()
  }

  private probe(): Promise<void> {
    this.probing ??= this.askDatabase().finally(() => {
      this.probing = undefined
    })
    return this.probing
  }

  private async askDatabase(): Promise<void> {
    const bytesBefore = this.bytesRead()
    try {
      const processes = await askForProcesses(this.options.connect)
      this.noteAnswer()
      this.cutLostConnections(processes)
    } catch (error) {
      const answersElsewhere = this.bytesRead() !== bytesBefore
      // "Too many connections" says nothing about those that we have.
      const isFull = /^53/.test((error as { code?: string }).code ?? '')
      if (!answersElsewhere && !isFull) this.noteSilence(error as Error)
      this.reportFailure(error as Error)
    }
  }

  private bytesRead(): number {
    let sum = 0
    for (const [connection] of this.allConnections()) sum += connection.bytesRead
    return sum
  }

  private noteSilence(error: Error): void {
    if (this.isAway) return
    this.isAway = true
    this.options.log.warn({ err: error }, 'The database does not answer; requests are refused until it does')
    for (const [connection] of this.allConnections()) {
      if (connection.silentLooks > 0 || !connection.isCheckedOut) connection.cut()
    }
  }

  private cutLostConnections(processes: ReadonlySet<number>): void {
    for (const [connection] of this.allConnections()) {
      const isSilent = connection.silentLooks >= SUSPICIOUS_LOOKS
      if (isSilent && connection.isDirect && !processes.has(connection.processID)) this.cutWithIdle(connection)
    }
  }

  /** Idle connections may be as lost as this one, and are quickly replaced. */
  private cutWithIdle(lost: Connection): void {
    lost.cut()
    for (const [connection] of this.allConnections()) if (!connection.isCheckedOut) connection.cut()
  }
}

/**
 * The processes that serve connections of this database.
 * @throws whatever keeps the database from answering in time
 */
async function askForProcesses(connect: Connect): Promise<ReadonlySet<number>> {
  const client = new pg.Client({ ...clientConfig(connect), connectionTimeoutMillis: PROBE_TIMEOUT_MS })
  client.on('error', () => {})
  const timer = setTimeout(() => socketOf(client).destroy(timeoutError()), PROBE_TIMEOUT_MS)
  try {
    await client.connect()
    const { rows } = await client.query<{ pid: number }>('select pid from pg_stat_activity')
    return new Set(rows.map(({ pid }) => pid))
  } finally {
    clearTimeout(timer)
    // Saying goodbye could wait for a server that has gone silent in the meantime.
    socketOf(client).destroy()
  }
}
