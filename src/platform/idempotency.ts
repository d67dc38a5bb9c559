/** Idempotency keys (IETF draft-ietf-httpapi-idempotency-key-header): a creating request sent twice makes one thing. */
import { createHash } from 'node:crypto'
import type { Transaction } from './database/transaction.ts'
import type { Answer } from './execute.ts'
import type { Parts } from './input.ts'
import type { AnyActor } from './operation.ts'
import { problem } from './problem.ts'

type KeyRow = { account: string; principal: string; operation: string; key: string }

/**
 * Takes a key for this caller and operation, within the transaction that does the work: `row` to keep the answer under,
 * or the answer it was given before, for a day. The same key with another body is refused.
 */
export async function claimKey(
  { db }: Transaction,
  {
    key,
    name,
    account,
    actor,
    now,
    body,
  }: { key: string; name: string; account: string; actor: AnyActor; now: Date; body: Parts },
): Promise<{ replay: Answer } | { row: KeyRow }> {
  if (key.length > 200)
    throw problem('input', { fields: { 'idempotency-key': { code: 'tooLong', vars: { max: 200 } } } })
  const row: KeyRow = {
    account,
    principal: `${actor.kind}:${'id' in actor ? String(actor.id) : ''}`,
    operation: name,
    key,
  }
  const hash = createHash('sha256')
    .update(JSON.stringify([body.params, body.query, body.body]))
    .digest('base64url')
  const dayAgo = new Date(now.getTime() - 24 * 3600_000)
  // A second request with the same key at the same time is told so at once, instead of waiting for the first.
  const lock = createHash('sha256').update(Object.values(row).join('\n')).digest().readBigInt64BE()
  const {
    rows: [got],
  } = await db.executeQuery<{ got: boolean }>(
    rawQuery('select pg_try_advisory_xact_lock($1::bigint) as got', [String(lock)]),
  )
  if (!got?.got) throw problem('stillRunning', { retryAfter: 1 })
  const kept = await db
    .selectFrom('idempotency_keys')
    .select(['body_hash', 'status', 'response', 'created_at'])
    .where('account_id', '=', account)
    .where('principal', '=', row.principal)
    .where('operation', '=', name)
    .where('key', '=', key)
    .executeTakeFirst()
  if (kept && kept.created_at > dayAgo) {
    if (kept.body_hash !== hash) throw problem('keyReused')
    return { replay: { json: JSON.stringify(kept.response), status: kept.status ?? 200 } }
  }
  await db
    .insertInto('idempotency_keys')
    .values({ account_id: account, principal: row.principal, operation: name, key, body_hash: hash, created_at: now })
    .onConflict((conflict) =>
      conflict.columns(['account_id', 'principal', 'operation', 'key']).doUpdateSet((set) => ({
        body_hash: set.ref('excluded.body_hash'),
        created_at: set.ref('excluded.created_at'),
        status: null,
        response: null,
      })),
    )
    .execute()
  return { row }
}

/** Keeps the answer for whoever asks again with the same key. */
export async function keepAnswer(
  { db }: Transaction,
  { account, principal, operation, key }: KeyRow,
  { json, status }: Answer,
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
