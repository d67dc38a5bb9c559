/**
 * Connections. `appPool` logs in as the role that owns nothing; only this folder opens connections.
 * Pipelining lets begin, context and the first query travel in one flight (half the latency).
 */
import pg from 'pg'

export interface Connect {
  host: string
  port: number
  database: string
  user: string
  password?: string
  ssl?: boolean
}

export interface PoolOptions {
  max?: number
  /** Pipelined clients cannot stream; exports and LISTEN use a plain pool. */
  pipeline?: boolean
  name?: string
  onError?(error: Error): void
}

// bigint and numeric stay strings, never floats; dates without time stay text.
pg.types.setTypeParser(pg.types.builtins.DATE, (value) => value)
const anyMoment = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ) as (value: string) => Date
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, readMoment)

/** A moment as PostgreSQL writes it: 2026-11-22 00:42:19.123456+00. A list holds hundreds; the general parser takes five times as long. */
function readMoment(text: string): Date {
  if (text < '1' || text[4] !== '-' || text[10] !== ' ' || !text.endsWith('+00')) return anyMoment(text)
  const two = (at: number) => (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48
  const ms = text[19] === '.' ? Math.trunc(Number(text.slice(19, -3)) * 1000 + 1e-6) : 0
  return new Date(Date.UTC(two(0) * 100 + two(2), two(5) - 1, two(8), two(11), two(14), two(17), ms))
}

export function openPool(
  connect: Connect,
  { max = 10, pipeline = true, name = 'portico', onError }: PoolOptions = {},
): pg.Pool {
  const pool = new pg.Pool({
    ...connect,
    ssl: connect.ssl ? { rejectUnauthorized: false } : false,
    max,
    application_name: name,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 30_000,
    idle_in_transaction_session_timeout: 30_000,
    pipeline,
  } as pg.PoolConfig)
  // A connection that dies while idle must not end the process; the next checkout makes a new one.
  pool.on('error', (error) => onError?.(error))
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

/** Reads a postgres:// URL. TLS when it says sslmode=require or verify-*. */
export function connectFromUrl(url: string): Connect {
  const parsed = new URL(url)
  const host = parsed.searchParams.get('host') ?? decodeURIComponent(parsed.hostname)
  return {
    host,
    port: Number(parsed.port || 5432),
    database: decodeURIComponent(parsed.pathname.slice(1)) || 'portico',
    user: decodeURIComponent(parsed.username),
    ...(parsed.password && { password: decodeURIComponent(parsed.password) }),
    ssl: /^(require|verify)/.test(parsed.searchParams.get('sslmode') ?? ''),
  }
}
