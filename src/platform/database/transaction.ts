/**
 * One transaction with its context. Context enters only through the SQL function app_begin, first in every
 * transaction and in the same flight as the first query; SET LOCAL ends with the transaction, so nothing
 * can leak to the next user of the connection.
 */
import { createHash } from 'node:crypto'
import {
  Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler,
  type CompiledQuery, type DatabaseConnection, type Dialect, type Driver, type QueryResult,
} from 'kysely'
import type pg from 'pg'
import type { DB } from '../../../db/schema.gen.ts'
import { problem } from '../problem.ts'

/** Settings of one transaction; keys are those app_begin knows, everything unset means none. */
export type Settings = Record<string, string | string[] | boolean | null>

export interface Transaction {
  db: Kysely<DB>
  /** Replaces the context, for ctx.reachAlso. */
  begin(settings: Settings): Promise<void>
}

export interface TransactionOptions {
  settings: Settings | null
  write: boolean
}

/** Runs `work` in one transaction: its throw rolls back and is rethrown, database outages as problem databaseAway. */
export async function inTransaction<T>(
  pool: pg.Pool,
  { settings, write }: TransactionOptions,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => { throw asOutage(error) })
  let open = true
  let broken: Error | undefined
  const run = (query: { name?: string; text: string; values?: unknown[] } | string) => {
    if (!open) throw new Error('This transaction is over: its handle was kept too long')
    return typeof query === 'string' ? client.query(query) : client.query(query)
  }
  const begin = (next: Settings) =>
    run({ name: 'app_begin', text: 'select app_begin($1)', values: [JSON.stringify(toSettings(next))] })
  try {
    // Not awaited: they travel with the first real query. An error here makes that query fail too.
    const started = [run(write ? 'begin' : 'begin read only'), ...(settings ? [begin(settings)] : [])]
    for (const each of started) each.catch(() => {})
    const db = new Kysely<DB>({ dialect: overClient(run) })
    const result = await work({ db, begin: async (next) => { await begin(next) } })
    await Promise.all(started)
    const end = await run('commit')
    // A transaction that failed half-way answers COMMIT with ROLLBACK: never report that as done.
    if (end.command !== 'COMMIT') throw new Error('The transaction was rolled back by the database')
    return result
  } catch (error) {
    const outage = isOutage(error)
    if (outage) broken = error as Error
    else await client.query('rollback').catch((failure: unknown) => { broken = failure as Error })
    throw outage ? asOutage(error) : error
  } finally {
    open = false
    client.release(broken)
  }
}

const toSettings = (settings: Settings): Record<string, string> => Object.fromEntries(
  Object.entries(settings).flatMap(([key, value]) => {
    if (value === null || value === false) return []
    return [[key, Array.isArray(value) ? `{${value.join(',')}}` : String(value)]]
  }),
)

type Run = (query: { name?: string; text: string; values?: unknown[] }) => Promise<pg.QueryResult>

/** Statement names are the hash of their text: parsed and planned once per connection. */
const names = new Map<string, string>()
const nameOf = (sql: string) => {
  let name = names.get(sql)
  if (name === undefined) {
    name = createHash('sha256').update(sql).digest('base64url').slice(0, 20)
    if (names.size < 2_000) names.set(sql, name)
  }
  return name
}

/** Kysely over one acquired client. It never begins, commits or releases: inTransaction does. */
function overClient(run: Run): Dialect {
  const connection: DatabaseConnection = {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      const text = query.sql
      const result = await run({ ...(text.length < 4_000 && { name: nameOf(text) }), text, values: query.parameters as unknown[] })
      return { rows: result.rows as R[], numAffectedRows: BigInt(result.rowCount ?? 0) }
    },
    // eslint-disable-next-line require-yield -- refused on purpose
    async *streamQuery() { throw new Error('Pipelined connections cannot stream') },
  }
  const refuse = async () => { throw new Error('The transaction belongs to inTransaction') }
  const driver: Driver = {
    init: async () => {}, acquireConnection: async () => connection, releaseConnection: async () => {}, destroy: async () => {},
    beginTransaction: refuse, commitTransaction: refuse, rollbackTransaction: refuse,
  }
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
}

/** Connection lost, server starting, stopping or full: the work may be tried again, and nothing else may be concluded. */
export function isOutage(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: string; message?: string }
  if (code && (/^(08|57P0|53)/.test(code) || ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT'].includes(code))) return true
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|client was closed/i.test(message ?? '')
}

export const asOutage = (error: unknown) => problem('databaseAway', { retryAfter: 2, cause: error })

/** SQLSTATE and constraint of a database error; what a feature's constraint map is keyed by. */
export function constraintOf(error: unknown): string | undefined {
  const { code, constraint } = (error ?? {}) as { code?: string; constraint?: string }
  return code && /^23/.test(code) ? constraint : undefined
}
