/** Rate limits of operations, counted in the database and so over all nodes. */
import { createHash } from 'node:crypto'
import type { Caller, ResolvedCaller } from './caller.ts'
import type { Preflight, Transaction } from './database/transaction.ts'
import type { AnyActor, Definition, Limit } from './operation.ts'
import { addressBlock } from './http/addresses.ts'
import { problem } from './problem.ts'

interface LimitedCall {
  name: string
  definition: Definition
  caller: Caller
  now: Date
}

/** Name of a bucket; hashed, so that the table holds no addresses. */
export const limitKey = (operation: string, account: string | null, by: string, who: string) =>
  `${operation}:${by}:${createHash('sha256')
    .update(`${account ?? ''}\n${who}`)
    .digest('base64url')}`

/** The one statement that counts this call against all its limits; undefined when it has none. */
export function limitStatement(
  { name, definition, caller, now }: LimitedCall,
  { account, actor }: ResolvedCaller,
  input: Record<string, unknown>,
): Preflight | undefined {
  const { limits } = definition
  if (!limits?.length) return undefined
  const accountId = account?.id ?? null
  return {
    name: 'consume_rate_limits',
    text: 'select consume_rate_limits($1, $2, $3, $4) as wait',
    values: [
      limits.map((limit) => bucketOf(name, limit, accountId, actor, caller, input)),
      limits.map((limit) => limit.max),
      limits.map((limit) => limit.seconds),
      now,
    ],
    check: refuseOverLimit,
  }
}

/** The buckets that a call takes its use back from when it succeeds. */
export const failureBucketsOf = (
  { name, definition, caller }: LimitedCall,
  { account, actor }: ResolvedCaller,
  input: Record<string, unknown>,
): string[] =>
  (definition.limits ?? [])
    .filter((limit) => limit.counts === 'failures')
    .map((limit) => bucketOf(name, limit, account?.id ?? null, actor, caller, input))

function bucketOf(
  name: string,
  { by }: Limit,
  account: string | null,
  actor: AnyActor,
  caller: Caller,
  input: Record<string, unknown>,
): string {
  // The same bucket as consume_caller_limit uses.
  if (by === 'caller' && 'id' in actor) return `${name}:caller:${account ?? ''}:${String(actor.id)}`
  return limitKey(name, account, by, whoCounts(by, caller, input))
}

function whoCounts(by: Limit['by'], caller: Caller, input: Record<string, unknown>): string {
  switch (by) {
    case 'login':
      return String(input.email ?? '')
        .trim()
        .toLowerCase()
    case 'address':
      return addressBlock(caller.clientAddress)
    case 'caller':
      return caller.clientAddress
  }
}

/** @throws problem tooMany when the database says to wait */
export function refuseOverLimit(rows: unknown[]): void {
  const { wait } = rows[0] as { wait: number }
  if (wait > 0) throw problem('tooMany', { retryAfter: wait, vars: { minutes: Math.ceil(wait / 60) } })
}

/**
 * Whether the limits of an operation, if it has any, can be counted by the context of its transaction. Form posts without
 * prefetching cannot: refused attempts count too, and that would need a transaction of its own.
 */
export const canCountInTransaction = ({ limits = [] }: Definition, handler: object): boolean =>
  limits.every((limit) => limit.by === 'caller') && (limits.length === 0 || 'prefetch' in handler)

/** Counts the limits by caller inside a portal transaction, which knows who calls; one statement a limit. */
export const consumeCallerLimits = (
  { name, definition, now }: LimitedCall,
  transaction: Transaction,
): Promise<unknown[]>[] =>
  (definition.limits ?? []).map((limit) =>
    transaction.query<{ wait: number }>('select consume_caller_limit($1, $2, $3, $4) as wait', [
      name,
      limit.max,
      limit.seconds,
      now,
    ]),
  )
