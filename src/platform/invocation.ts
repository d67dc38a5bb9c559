/** One call of an operation, and how its handler is run. */
import { surfaceOf, type Caller } from './caller.ts'
import type { Transaction } from './database/transaction.ts'
import { withDigest } from './idempotency.ts'
import type { Parts } from './input.ts'
import { canCountInTransaction } from './limits.ts'
import type { Context, Definition, Handler, Implemented, PrefetchingHandler, PreparedHandler } from './operation.ts'

/** One call of an operation, from its arrival to its response. */
export interface Invocation extends Implemented {
  now: Date
  parts: Parts
  caller: Caller
  /** The handler asked its policy. */
  isAllowed: boolean
  /** Its response is saved under an idempotency key, in the same transaction. */
  savesResponse: boolean
  /** The account that it created, when its path names none. */
  createdAccountId?: string
  /** It wrote messages to the outbox. */
  hasEmitted: boolean
  /** The step that is checking the input, ahead of the handler's own checks. */
  refusedBy?: 'contract' | 'prepare' | undefined
  /** Its limits are counted in its transaction, and so not when that is rolled back. */
  countedInTransaction: boolean
  /** Buckets of limits that count failures; a call that succeeds takes its use back. */
  failureBuckets: string[]
  /** Work for after the commit. */
  afterCommit: (() => Promise<void> | void)[]
}

/** What was prepared or prefetched for the handler. The value may be undefined, which is why it is wrapped. */
export interface Prepared {
  value: unknown
}

export const createInvocation = (operation: Implemented, parts: Parts, caller: Caller, now: Date): Invocation => ({
  ...operation,
  now,
  parts: withFileDigest(operation, parts, caller),
  caller,
  isAllowed: false,
  savesResponse: false,
  hasEmitted: false,
  countedInTransaction: false,
  failureBuckets: [],
  afterCommit: [],
})

/** Receives the body of an upload; other requests have it already. */
export async function receiveParts(invocation: Invocation): Promise<Parts> {
  const { parts, caller } = invocation
  if (parts.receive) invocation.parts = withFileDigest(invocation, { ...parts, ...(await parts.receive()) }, caller)
  return invocation.parts
}

/** A repeated upload is recognized by the digest of its file. */
function withFileDigest({ definition }: Implemented, parts: Parts, caller: Caller): Parts {
  const mayBeRepeated = Boolean(caller.idempotencyKey) && definition.creates === true
  return mayBeRepeated && parts.file ? { ...parts, file: withDigest(parts.file) } : parts
}

export const isPrepared = (handler: Handler<Definition>): handler is PreparedHandler<Definition, unknown> =>
  'prepare' in handler

export const isPrefetching = (handler: Handler<Definition>): handler is PrefetchingHandler<Definition, unknown> =>
  'prefetch' in handler

/** Operations of a portal or an office whose caller is not resolved yet, and that do not need it before their transaction. */
export function canPrefetch({ definition, handler, caller }: Invocation): boolean {
  const surface = surfaceOf(definition.path)
  const isCallerKnown = caller.resolved?.has(surface) === true
  const countsLimits = (definition.limits ?? []).length > 0
  const canBeginWithCaller = surface === 'portal' || (surface === 'office' && !countsLimits)
  const needsTransactionOnly = !isPrepared(handler) && canCountInTransaction(definition, handler)
  const isPlainCaller = !caller.idempotencyKey && !caller.portalView
  return canBeginWithCaller && needsTransactionOnly && isPlainCaller && !isCallerKnown
}

/** Reads of a portal's page that need nothing before their transaction, and so can share one. */
export const canJoinReads = ({ definition, handler }: Invocation): boolean =>
  surfaceOf(definition.path) === 'portal' &&
  !definition.writes &&
  (definition.limits ?? []).length === 0 &&
  !isPrepared(handler)

export async function callHandler(
  handler: Handler<Definition>,
  ctx: Context,
  { db }: Transaction,
  input: Record<string, unknown>,
  prepared: Prepared | undefined,
): Promise<unknown> {
  if (typeof handler === 'function') return handler(ctx, input as never)
  if (isPrepared(handler)) return handler.handle(ctx, input as never, prepared?.value)
  const prefetched = prepared ? prepared.value : await handler.prefetch(db as never, input as never, ctx.now)
  return handler.respond(ctx, input as never, prefetched)
}
