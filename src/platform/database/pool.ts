/**
 * Connections. Requests use a pool that logs in as portico_app, which owns nothing; only this folder opens connections.
 * Pipelining lets begin, context and the first query travel in one batch, at half the latency.
 */
import pg from 'pg'
import type { Availability } from './availability.ts'
import { disableBatching } from './batching.ts'
import { clientConfig, type Connect } from './connect.ts'
import { ConnectionPool, type PoolSettings } from './connections.ts'

export interface PoolOptions {
  max?: number
  /** Connections kept when all is quiet; by one of them a restore sees that Portico runs. */
  min?: number
  /** Pipelined clients cannot stream; exports and LISTEN use a plain pool. */
  pipeline?: boolean
  /** False: statements of one tick are written to the socket one by one (batching.ts). */
  batchWrites?: boolean
  name?: string
  /** Milliseconds after which a statement without an answer ends its connection; longer than the role's statement_timeout. */
  silenceLimitMs?: number
  /** Notices when the database goes silent. */
  availability?: Availability
  onError?(error: Error): void
  /** Called once, when a pooler is found that cannot keep prepared statements. */
  onNamelessStatements?(): void
}

// bigint and numeric stay strings, never floats; dates without time stay text.
pg.types.setTypeParser(pg.types.builtins.DATE, (value) => value)
const parseAnyMoment = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ) as (value: string) => Date
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, parseMoment)

/**
 * A moment as PostgreSQL writes it: 2026-11-22 00:42:19.123456+00. A list holds hundreds, and the general parser takes
 * five times as long.
 */
function parseMoment(text: string): Date {
  const hasFourDigitYear = text >= '1' && text[4] === '-' && text[10] === ' '
  if (!hasFourDigitYear || !text.endsWith('+00')) return parseAnyMoment(text)
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const ms = text[19] === '.' ? Math.trunc(Number(text.slice(19, -3)) * 1000 + 1e-6) : 0
  return new Date(
    Date.UTC(
      year,
      twoDigits(text, 5) - 1,
      twoDigits(text, 8),
      twoDigits(text, 11),
      twoDigits(text, 14),
      twoDigits(text, 17),
      ms,
    ),
  )
}

const twoDigits = (text: string, at: number): number => (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48

export function openPool(connect: Connect, options: PoolOptions = {}): ConnectionPool {
  const { max = 10, min = 1, pipeline = true, batchWrites = true, name = 'portico', silenceLimitMs = 40_000 } = options
  const pool = new ConnectionPool({
    ...clientConfig(connect),
    max,
    min,
    application_name: name,
    connectionTimeoutMillis: 3_000,
    // A connection that is closed takes its plans with it: the first requests after a minute took twice the time.
    idleTimeoutMillis: 60 * 60_000,
    pipeline,
    silenceLimitMs,
    availability: options.availability,
    onNamelessStatements: options.onNamelessStatements,
  } as PoolSettings)
  if (!batchWrites) disableBatching(pool)
  // A connection that dies while idle must not end the process; the next checkout makes a new one.
  pool.on('error', (error) => options.onError?.(error))
  return pool
}
