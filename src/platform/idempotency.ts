/** Idempotency keys (IETF draft-ietf-httpapi-idempotency-key-header): a creating request sent twice makes one thing. */
import { createHash } from 'node:crypto'
import type { Transaction } from './database/transaction.ts'
import { ReceivedFile } from './files.ts'
import type { Parts } from './input.ts'
import type { AnyActor, Definition, Upload } from './operation.ts'
import type { OperationResponse } from './output.ts'
import { problem } from './problem.ts'

const KEY_LENGTH_LIMIT = 200
const KEPT_FOR_MS = 24 * 3600_000

type KeyRow = { account: string; principal: string; operation: string; key: string }

interface KeyedRequest {
  name: string
  definition: Definition
  now: Date
  parts: Parts
}
interface KeyOwner {
  key: string
  account: string
  actor: AnyActor
}

/**
 * Claims a key for this caller and operation, within the transaction that does the work: the row to keep the response
 * under, or the response it was given within the last day. The same key with another body is refused.
 */
export async function claimKey(
  transaction: Transaction,
  request: KeyedRequest,
  owner: KeyOwner,
): Promise<{ replay: OperationResponse } | { row: KeyRow }> {
  const replay = await findReplay(transaction, request, owner)
  if (replay) return { replay }
  const row = rowOf(request, owner)
  await insertKey(transaction.db, row, fingerprintOf(request), request.now)
  return { row }
}

/** The response that this request was given within the last day. */
export async function findReplay(
  { db }: Transaction,
  request: KeyedRequest,
  owner: KeyOwner,
): Promise<OperationResponse | undefined> {
  if (owner.key.length > KEY_LENGTH_LIMIT)
    throw problem('input', { fields: { 'idempotency-key': { code: 'tooLong', vars: { max: KEY_LENGTH_LIMIT } } } })
  const row = rowOf(request, owner)
  await lockKey(db, row)
  const kept = await db
    .selectFrom('idempotency_keys')
    .select(['body_hash', 'status', 'response', 'created_at'])
    .where('account_id', '=', row.account)
    .where('principal', '=', row.principal)
    .where('operation', '=', row.operation)
    .where('key', '=', row.key)
    .executeTakeFirst()
  if (!kept || kept.created_at <= new Date(request.now.getTime() - KEPT_FOR_MS)) return undefined
  if (kept.body_hash !== fingerprintOf(request)) throw problem('keyReused')
  return { json: JSON.stringify(kept.response), status: kept.status ?? 200 }
}

const rowOf = ({ name }: KeyedRequest, { key, account, actor }: KeyOwner): KeyRow => ({
  account,
  principal: `${actor.kind}:${'id' in actor ? String(actor.id) : ''}`,
  operation: name,
  key,
})

/** Of an upload, it covers the bytes, which have been read by now. */
function fingerprintOf({ definition, parts: { params, query, body, file } }: KeyedRequest): string {
  const visible = definition.secrets ? without(body, definition.secrets) : body
  const parts = [params, query, visible, ...(file ? [file.name, file.type, file.digest?.()] : [])]
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}

const without = (body: unknown, names: readonly string[]): unknown =>
  Object.fromEntries(Object.entries((body ?? {}) as object).filter(([name]) => !names.includes(name)))

/** The same upload with a digest of its bytes: of a received file, or computed while it is read. */
export function withDigest(upload: Upload): Upload {
  const { content } = upload
  if (content instanceof ReceivedFile) return { ...upload, digest: () => content.sha256 }
  const hash = createHash('sha256')
  async function* hashed() {
    for await (const chunk of content as AsyncIterable<Uint8Array>) {
      hash.update(chunk)
      yield chunk
    }
  }
  return { ...upload, content: hashed(), digest: () => hash.copy().digest('hex') }
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

/** Saves the response for a repeated request with the same key. */
export async function saveResponse(
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
