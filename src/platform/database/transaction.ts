/**
 * One transaction with its context. Context enters only through the SQL functions app_begin and, from a portal's session itself,
 * begin_portal_request, first in every transaction and in the same flight as the first query; SET LOCAL ends with the transaction, so nothing
 * can leak to the next user of the connection.
 */
import { createHash } from 'node:crypto'
import {
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
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
  /** One statement as text, such as a definer function. */
  query<Row>(text: string, values: unknown[]): Promise<Row[]>
}

export interface TransactionOptions {
  settings: Settings | null
  write: boolean
  /** Runs before the transaction and in its first flight, whatever becomes of it; what `check` throws of its rows ends the work. */
  before?: { name: string; text: string; values: unknown[]; check(rows: unknown[]): void }
}

/** Runs `work` in one transaction: its throw rolls back and is rethrown, database outages as problem databaseAway. */
export async function inTransaction<T>(
  pool: pg.Pool,
  { settings, write, before }: TransactionOptions,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw asOutage(error)
  })
  let open = true
  let started: Promise<unknown>[] | undefined
  let committed: Promise<pg.QueryResult> | undefined
  let refused: { error: unknown } | undefined
  const put = (query: Query) =>
    sendInBatch(client, () => (typeof query === 'string' ? client.query(query) : client.query(query)))
  const context = (next: Settings) => ({
    name: 'app_begin',
    text: 'select app_begin($1)',
    values: [JSON.stringify(toSettings(next))],
  })
  // Not awaited: they travel with the first real query. An error here makes that query fail too. Who asks nothing begins nothing.
  const start = () => {
    // Answers come in order: whoever waits for a statement of the work finds the check done.
    const checked =
      before &&
      put(before)
        .then(({ rows }) => {
          before.check(rows)
        })
        .catch((error: unknown) => {
          refused = { error }
        })
    started = [
      ...(checked ? [checked] : []),
      put(write ? 'begin' : 'begin read only'),
      ...(settings ? [put(context(settings))] : []),
    ]
    for (const each of started) each.catch(() => {})
  }
  const send: Send = (query) => {
    if (refused) throw refused.error
    if (!open) throw new Error('This transaction is over: its handle was kept too long')
    if (!started) start()
    return put(query)
  }
  const commit = () => {
    const sent = put('commit')
    sent.catch(() => {})
    open = false
    return (committed = sent)
  }
  const end = async () => {
    await Promise.all(started!)
    if (refused) throw refused.error
    // A transaction that failed half-way answers COMMIT with ROLLBACK: never report that as done.
    if ((await (committed ?? commit())).command !== 'COMMIT')
      throw new Error('The transaction was rolled back by the database')
  }
  try {
    if (before) start()
    const db = new Kysely<DB>({ dialect: overClient(send) })
    handles.set(db, { send, commit, last: false })
    const result = await work({
      db,
      begin: async (next) => {
        await send(context(next))
      },
      query: async <Row>(text: string, values: unknown[]) =>
        (await send({ name: nameOf(text), text, values })).rows as Row[],
    })
    if (!started) client.release()
    else if (write || before) {
      await end()
      client.release()
    } else {
      // What was only read is known already: nobody waits for the end of it.
      void end().then(
        () => client.release(),
        (error: unknown) => client.release(error as Error),
      )
    }
    open = false
    return result
  } catch (thrown) {
    open = false
    // Whoever is over the limit is told so, whatever else was wrong with the request.
    if (before) await started?.[0]
    const error = (refused as { error: unknown } | undefined)?.error ?? thrown
    const outage = isOutage(error)
    let broken = outage ? (error as Error) : undefined
    if (!outage && started)
      await (committed ?? client.query('rollback')).catch((failure: unknown) => {
        broken = failure as Error
      })
    client.release(broken)
    throw outage ? asOutage(error) : error
  }
}

type Query = { name?: string; text: string; values?: unknown[] } | string
type Send = (query: Query) => Promise<pg.QueryResult>

/** Statements that need no transaction, in one flight; the rows of each. */
export async function queryTogether(
  pool: pg.Pool,
  queries: readonly { text: string; values: unknown[] }[],
): Promise<unknown[][]> {
  const client = await pool.connect().catch((error: unknown) => {
    throw asOutage(error)
  })
  try {
    const answers = await Promise.all(
      queries.map(({ text, values }) => sendInBatch(client, () => client.query({ name: nameOf(text), text, values }))),
    )
    client.release()
    return answers.map(({ rows }) => rows as unknown[])
  } catch (error) {
    client.release(error as Error)
    throw isOutage(error) ? asOutage(error) : error
  }
}

/** The messages of the flight that is being gathered, by socket. */
const pendingBatches = new WeakMap<object, Uint8Array[]>()

/**
 * What is asked of a client in one turn goes out as one buffer, so that the server wakes up once for all of it. The driver
 * writes five small messages a query; gathered by cork() they become one writev of twenty parts, which takes six times as
 * long as one write of their bytes (30 against 5 µs).
 */
function sendInBatch<T>(client: pg.PoolClient, send: () => T): T {
  const { stream } = (client as unknown as { connection: { stream: { write(bytes: Uint8Array): boolean } } }).connection
  if (!pendingBatches.has(stream)) {
    const parts: Uint8Array[] = []
    pendingBatches.set(stream, parts)
    stream.write = (bytes) => parts.push(bytes) > 0
    process.nextTick(() => {
      pendingBatches.delete(stream)
      // Back to the socket's own write.
      delete (stream as { write?: unknown }).write
      stream.write(parts.length === 1 ? parts[0]! : Buffer.concat(parts))
    })
  }
  return send()
}

interface Handle {
  send: Send
  commit(): Promise<pg.QueryResult>
  last: boolean
}
/** The open transaction behind a handle. */
const handles = new WeakMap<object, Handle>()

/**
 * A statement written and named once, when its module loads: nothing builds or hashes it again for a request. Sent in the
 * turn it is called in, so that several called together are one flight. Its values are `$1`, `$2` ….
 */
export function statement<Row>(text: string): (db: object, ...values: unknown[]) => Promise<Row[]> {
  const name = nameOf(text)
  return async (db, ...values) => (await sendTo(db, { name, text, values })).rows as Row[]
}

const inserts = new Map<string, ReturnType<typeof statement>>()

/**
 * Writes rows with the same columns, those of the first one, all in one statement that has one plan however many there are.
 * Without RETURNING: the app role may insert into a journal but not read it back. The table and its columns are names in our
 * code, never input.
 */
export async function insertRows(db: object, table: keyof DB, rows: readonly object[]): Promise<void> {
  if (rows.length === 0) return
  const columns = Object.keys(rows[0]!).join(', ')
  const key = `${table} ${columns}`
  let insert = inserts.get(key)
  if (!insert)
    inserts.set(
      key,
      (insert = statement(
        `insert into ${table} (${columns}) select ${columns} from json_populate_recordset(null::${table}, $1)`,
      )),
    )
  await insert(db, JSON.stringify(rows))
}

/** Marks the next statement as the last of its transaction: the commit travels with it, and nothing can follow. */
export function finalStatement<D extends object>(db: D): D {
  handles.get(db)!.last = true
  return db
}

function sendTo(db: object, query: Query): Promise<pg.QueryResult> {
  const handle = handles.get(db)
  if (!handle) throw new Error('Not a handle of inTransaction')
  const sent = handle.send(query)
  if (handle.last) void handle.commit()
  return sent
}

const toSettings = (settings: Settings): Record<string, string> =>
  Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]) => {
      if (value === null || value === false) return []
      return [[key, Array.isArray(value) ? `{${value.join(',')}}` : String(value)]]
    }),
  )

/** Statement names are the hash of their text: parsed and planned once per connection. */
const names = new Map<string, string>()
export const nameOf = (sql: string): string => {
  let name = names.get(sql)
  if (name === undefined) {
    name = createHash('sha256').update(sql).digest('base64url').slice(0, 20)
    if (names.size < 2_000) names.set(sql, name)
  }
  return name
}

/** Kysely over one acquired client. It never begins, commits or releases: inTransaction does. */
function overClient(send: Send): Dialect {
  const connection: DatabaseConnection = {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      const text = query.sql
      const result = await send({
        ...(text.length < 4_000 && { name: nameOf(text) }),
        text,
        values: query.parameters as unknown[],
      })
      return { rows: result.rows as R[], numAffectedRows: BigInt(result.rowCount ?? 0) }
    },
    // eslint-disable-next-line require-yield -- refused on purpose
    async *streamQuery() {
      throw new Error('Pipelined connections cannot stream')
    },
  }
  const refuse = async () => {
    throw new Error('The transaction belongs to inTransaction')
  }
  const driver: Driver = {
    init: async () => {},
    acquireConnection: async () => connection,
    releaseConnection: async () => {},
    destroy: async () => {},
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
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
  if (
    code &&
    (/^(08|57P0|53)/.test(code) || ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT'].includes(code))
  )
    return true
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|client was closed/i.test(
    message ?? '',
  )
}

export const asOutage = (error: unknown) => problem('databaseAway', { retryAfter: 2, cause: error })

/** SQLSTATE and constraint of a database error; what a feature's constraint map is keyed by. */
export function constraintOf(error: unknown): string | undefined {
  const { code, constraint } = (error ?? {}) as { code?: string; constraint?: string }
  return code && /^23/.test(code) ? constraint : undefined
}
