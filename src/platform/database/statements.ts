/**
 * SQL that runs on hot paths: its text is written once, named once, and sent to the transaction behind a `db` handle.
 */
import { createHash } from 'node:crypto'
import type pg from 'pg'
import type { DB } from '../../../db/schema.gen.ts'
import type { Query } from './batching.ts'
import { addHot } from './hot-statements.ts'

/** What transaction.ts lets a statement do with the transaction behind a `db` handle. */
export interface TransactionHandle {
  send(query: Query): Promise<pg.QueryResult>
  finish(): void
  /** The next statement is the last one: the commit follows it at once. */
  nextIsFinal: boolean
}

const handles = new WeakMap<object, TransactionHandle>()
const names = new Map<string, string>()

/** Called by transaction.ts for each `db` it hands out. */
export function registerHandle(db: object, handle: TransactionHandle): void {
  handles.set(db, handle)
}

/**
 * A statement that is written and named once, when its module loads: no request builds or hashes it again. It is sent in
 * the tick of the call, so several calls in a row are one batch. Its values are `$1`, `$2` …
 */
export function statement<Row>(text: string): (db: object, ...values: unknown[]) => Promise<Row[]> {
  const name = statementName(text)
  return async (db, ...values) => (await sendTo(db, { name, text, values })).rows as Row[]
}

/** Says that many requests use this statement: connections of a process that has just started plan it before they need it. */
export const declareHot = (text: string): void => addHot({ name: statementName(text), text })

/** A `statement` that is declared hot. */
export function hotStatement<Row>(text: string): ReturnType<typeof statement<Row>> {
  declareHot(text)
  return statement<Row>(text)
}

const inserts = new Map<string, ReturnType<typeof statement>>()

/**
 * Writes rows with the same columns, those of the first row, in one statement that has one plan for any number of rows.
 * It has no RETURNING, because the app role may insert into a journal but not read it. The table and its columns are names
 * in our code, never input.
 */
export async function insertRows(db: object, table: keyof DB, rows: readonly object[]): Promise<void> {
  if (rows.length === 0) return
  const columns = Object.keys(rows[0]!).join(', ')
  const key = `${table} ${columns}`
  let insert = inserts.get(key)
  if (!insert) {
    insert = statement(
      `insert into ${table} (${columns}) select ${columns} from json_populate_recordset(null::${table}, $1)`,
    )
    inserts.set(key, insert)
  }
  await insert(db, JSON.stringify(rows))
}

/** Marks the next statement as the last of its transaction: the commit travels with it, and nothing can follow. */
export function finalStatement<D extends object>(db: D): D {
  handles.get(db)!.nextIsFinal = true
  return db
}

function sendTo(db: object, query: Query): Promise<pg.QueryResult> {
  const handle = handles.get(db)
  if (!handle) throw new Error('Not a handle of inTransaction')
  const sent = handle.send(query)
  if (handle.nextIsFinal) handle.finish()
  return sent
}

/** The hash of a statement's text: under this name it is parsed and planned once per connection. */
export function statementName(sql: string): string {
  let name = names.get(sql)
  if (name === undefined) {
    name = createHash('sha256').update(sql).digest('base64url').slice(0, 20)
    if (names.size < 2_000) names.set(sql, name)
  }
  return name
}

const savepoint = statement('savepoint before_step')
const keepStep = statement('release savepoint before_step')
const undoStep = statement('rollback to savepoint before_step')

/** Runs `step` inside a transaction so that nothing of it stays when it throws; what was stored before stays. */
export async function inSavepoint<T>(db: object, step: () => Promise<T>): Promise<T> {
  await savepoint(db)
  try {
    const result = await step()
    await keepStep(db)
    return result
  } catch (error) {
    await undoStep(db)
    throw error
  }
}

/**
 * Runs `step` inside a transaction, and undoes what it stored unless `isWanted`: the same statements either way, so that
 * their time says nothing about `isWanted`.
 */
export async function undoUnless<T>(db: object, isWanted: boolean, step: () => Promise<T>): Promise<T> {
  await savepoint(db)
  const result = await step()
  await (isWanted ? keepStep : undoStep)(db)
  return result
}
