/** Idempotency keys (IETF draft-ietf-httpapi-idempotency-key-header): a creating request sent twice makes one thing. */
import { createHash } from 'node:crypto'
import type { Transaction } from './database/transaction.ts'
import type { Parts } from './input.ts'
import type { AnyActor } from './operation.ts'
import type { OperationResponse } from './output.ts'
import { problem } from './problem.ts'

const KEY_LENGTH_LIMIT = 200
const KEPT_FOR_MS = 24 * 3600_000

type KeyRow = { account: string; principal: string; operation: string; key: string }

/**
 * Claims a key for this caller and operation, within the transaction that does the work: the row to keep the response
 * under, or the response it was given within the last day. The same key with another body is refused.
 */
export async function claimKey(
  { db }: Transaction,
  { name, now, parts }: { name: string; now: Date; parts: Parts },
  { key, account, actor }: { key: string; account: string; actor: AnyActor },
): Promise<{ replay: OperationResponse } | { row: KeyRow }> {
  if (key.length > KEY_LENGTH_LIMIT)
    throw problem('input', { fields: { 'idempotency-key': { code: 'tooLong', vars: { max: KEY_LENGTH_LIMIT } } } })
  const principal = `${actor.kind}:${'id' in actor ? String(actor.id) : ''}`
  const row: KeyRow = { account, principal, operation: name, key }
  const bodyHash = createHash('sha256')
    .update(JSON.stringify([parts.params, parts.query, parts.body]))
    .digest('base64url')
  await lockKey(db, row)
  const kept = await db
    .selectFrom('idempotency_keys')
    .select(['body_hash', 'status', 'response', 'created_at'])
    .where('account_id', '=', account)
    .where('principal', '=', principal)
    .where('operation', '=', name)
    .where('key', '=', key)
    .executeTakeFirst()
  if (kept && kept.created_at > new Date(now.getTime() - KEPT_FOR_MS)) {
    if (kept.body_hash !== bodyHash) throw problem('keyReused')
    return { replay: { json: JSON.stringify(kept.response), status: kept.status ?? 200 } }
  }
  await insertKey(db, row, bodyHash, now)
  return { row }
}

/** A second request with the same key at the same time is refused at once, instead of waiting for the first. */
async function lockKey(db: Transaction['db'], row: KeyRow): Promise<void> {
  const lock = createHash('sha256').update(Object.values(row).join('\n')).digest().readBigInt64BE()
  const { rows } = await db.executeQuery<{ got: boolean }>(
    rawQuery('select pg_try_advisory_xact_lock($1::bigint) as got', [String(lock)]),
  )
  if (!rows[0]?.got) throw problem('stillRunning', { retryAfter: 1 })
}

async function insertKey(
  db: Transaction['db'],
  { account, principal, operation, key }: KeyRow,
  bodyHash: string,
  now: Date,
): Promise<void> {
  await db
    .insertInto('idempotency_keys')
    .values({ account_id: account, principal, operation, key, body_hash: bodyHash, created_at: now })
    .onConflict((conflict) =>
      conflict.columns(['account_id', 'principal', 'operation', 'key']).doUpdateSet((set) => ({
        body_hash: set.ref('excluded.body_hash'),
        created_at: set.ref('excluded.created_at'),
        status: null,
        response: null,
      })),
    )
    .execute()
}

/** Keeps the response for a repeated request with the same key. */
export async function keepResponse(
  { db }: Transaction,
  { account, principal, operation, key }: KeyRow,
  { json, status }: OperationResponse,
): Promise<void> {
  await db
    .updateTable('idempotency_keys')
    .set({ status, response: json })
    .where('account_id', '=', account)
    .where('principal', '=', principal)
    .where('operation', '=', operation)
    .where('key', '=', key)
    .execute()
}

const rawQuery = (sql: string, parameters: unknown[]) =>
  ({ sql, parameters, query: { kind: 'RawNode' }, queryId: { queryId: sql } }) as never
