/**
 * One transaction with its context. Context enters only through the SQL functions app_begin and, for the sessions of portals
 * and offices, begin_portal_request and begin_office_request: first in every transaction and in the same batch as the first query. SET LOCAL ends with the
 * transaction, so nothing can leak to the next user of the connection.
 */
import { Kysely } from 'kysely'
import type pg from 'pg'
import type { DB } from '../../../db/schema.gen.ts'
import { senderFor, type Query, type SendQuery } from './batching.ts'
import { createDialect } from './dialect.ts'
import { asBusy, asOutage, isOutage, toProblem } from './errors.ts'
import { addHot } from './hot-statements.ts'
import { registerHandle, statementName, type TransactionHandle } from './statements.ts'

/** Settings of one transaction; keys are those app_begin knows, everything unset means none. */
export type Settings = Record<string, string | string[] | boolean | null>

export interface Transaction {
  db: Kysely<DB>
  /** Replaces the context, for ctx.reachAlso. */
  begin(settings: Settings): Promise<void>
  /** One statement as text, such as a definer function. */
  query<Row>(text: string, values: unknown[]): Promise<Row[]>
}

/** A statement that is sent before `begin` and stays whatever becomes of the transaction. */
export interface Preflight {
  name: string
  text: string
  values: unknown[]
  /** What it throws about the rows ends the work and is what the caller gets. */
  check(rows: unknown[]): void
}

export interface TransactionOptions {
  settings: Settings | null
  write: boolean
  /** Ends with a rollback, whatever the work does. */
  rollsBack?: boolean
  /** Several work with it at the same time: the last statement of one of them does not end it. */
  isShared?: boolean
  preflight?: Preflight
  /** Nobody waits for the result any more. Asked once a connection is free, before any work. */
  isAbandoned?: (() => boolean) | undefined
}

/** Runs `work` in one transaction: its throw rolls back and is rethrown, database outages as problem databaseUnavailable. */
export async function inTransaction<T>(
  pool: pg.Pool,
  options: TransactionOptions,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const client = await connectTo(pool, options.isAbandoned)
  const transaction = new ClientTransaction(client, senderFor(pool), options)
  try {
    if (options.preflight) transaction.start()
    const result = await work(transaction.forWork())
    await transaction.complete()
    return result
  } catch (error) {
    throw await transaction.abort(error)
  }
}

/** Statements that need no transaction, in one batch; the rows of each. */
export async function queryTogether(
  pool: pg.Pool,
  queries: readonly { text: string; values: unknown[] }[],
  isAbandoned?: () => boolean,
): Promise<unknown[][]> {
  const client = await connectTo(pool, isAbandoned)
  const send = senderFor(pool)
  try {
    const results = await Promise.all(
      queries.map(({ text, values }) => send(client, { name: statementName(text), text, values })),
    )
    client.release()
    return results.map(({ rows }) => rows as unknown[])
  } catch (error) {
    client.release(error as Error)
    throw toProblem(error)
  }
}

async function connectTo(pool: pg.Pool, isAbandoned?: () => boolean): Promise<pg.PoolClient> {
  const client = await pool.connect()
  if (!isAbandoned?.()) return client
  client.release()
  throw asBusy()
}

const ignoreError = () => {}

/** The transaction on one client, from its first statement to the release of the client. */
class ClientTransaction implements TransactionHandle {
  nextIsFinal = false
  private readonly client: pg.PoolClient
  private readonly sendQuery: SendQuery
  private readonly options: TransactionOptions
  private isOpen = true
  /** The statements that open the transaction; undefined as long as nothing was asked. */
  private opening: Promise<unknown>[] | undefined
  private committed: Promise<pg.QueryResult> | undefined
  /** What `preflight.check` threw. */
  private refusal: { error: unknown } | undefined

  constructor(client: pg.PoolClient, sendQuery: SendQuery, options: TransactionOptions) {
    this.client = client
    this.sendQuery = sendQuery
    this.options = options
  }

  /** What the work is handed. */
  forWork(): Transaction {
    const db = new Kysely<DB>({ dialect: createDialect((query) => this.send(query)) })
    registerHandle(db, this)
    return {
      db,
      begin: async (settings) => {
        await this.send(contextQuery(settings))
      },
      query: async <Row>(text: string, values: unknown[]) =>
        (await this.send({ name: statementName(text), text, values })).rows as Row[],
    }
  }

  /**
   * Opens the transaction. Its statements are not awaited: they travel with the first real query, and an error in one of
   * them makes that query fail too.
   */
  start(): void {
    const { preflight, settings, write } = this.options
    // Results come in order: when a statement of the work is answered, the check is done.
    const checked = preflight && this.sendPreflight(preflight)
    this.opening = [
      ...(checked ? [checked] : []),
      this.put(write ? 'begin' : 'begin read only'),
      ...(settings ? [this.put(contextQuery(settings))] : []),
    ]
    for (const each of this.opening) each.catch(ignoreError)
  }

  send(query: Query): Promise<pg.QueryResult> {
    if (this.refusal) throw this.refusal.error
    if (!this.isOpen) throw new Error('This transaction is over: its handle was kept too long')
    if (!this.opening) this.start()
    return this.put(query)
  }

  /** Called with the final statement of the work. */
  finish(): void {
    if (!this.options.isShared) void this.commit()
  }

  private commit(): Promise<pg.QueryResult> {
    const sent = this.put(this.options.rollsBack ? 'rollback' : 'commit')
    sent.catch(ignoreError)
    this.isOpen = false
    this.committed = sent
    return sent
  }

  /** Commits and releases the client. Work that sent nothing has no transaction to end. */
  async complete(): Promise<void> {
    const mustWait = this.options.write || this.options.preflight
    if (this.opening && mustWait) await this.awaitCommit()
    // A read has its results already, so its commit is not awaited.
    else if (this.opening) return this.commitInBackground()
    this.isOpen = false
    this.client.release()
  }

  /** Rolls back and releases the client; the error to throw. */
  async abort(thrown: unknown): Promise<unknown> {
    this.isOpen = false
    // Over the limit is the first thing to report, whatever else was wrong with the request.
    if (this.options.preflight) await this.opening?.[0]
    const error = this.refusal ? this.refusal.error : thrown
    const outage = isOutage(error)
    let broken = outage ? (error as Error) : undefined
    if (!outage && this.opening)
      await (this.committed ?? this.client.query('rollback')).catch((failure: unknown) => {
        broken = failure as Error
      })
    this.client.release(broken)
    return outage ? asOutage(error) : toProblem(error)
  }

  private put(query: Query): Promise<pg.QueryResult> {
    return this.sendQuery(this.client, query)
  }

  private async sendPreflight(preflight: Preflight): Promise<void> {
    try {
      preflight.check((await this.put(preflight)).rows)
    } catch (error) {
      this.refusal = { error }
    }
  }

  private async awaitCommit(): Promise<void> {
    await Promise.all(this.opening!)
    if (this.refusal) throw this.refusal.error
    // A transaction that failed half-way answers COMMIT with ROLLBACK: never report that as done.
    const { command } = await (this.committed ?? this.commit())
    if (command !== 'COMMIT' && !this.options.rollsBack)
      throw new Error('The transaction was rolled back by the database')
  }

  private commitInBackground(): void {
    void this.awaitCommit().then(
      () => this.client.release(),
      (error: unknown) => this.client.release(error as Error),
    )
    this.isOpen = false
  }
}

const APP_BEGIN = { name: 'app_begin', text: 'select app_begin($1)' }
addHot(APP_BEGIN)

const contextQuery = (settings: Settings): Query => ({
  ...APP_BEGIN,
  values: [JSON.stringify(toTextSettings(settings))],
})

const toTextSettings = (settings: Settings): Record<string, string> =>
  Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]) => {
      if (value === null || value === false) return []
      return [[key, Array.isArray(value) ? `{${value.join(',')}}` : String(value)]]
    }),
  )
