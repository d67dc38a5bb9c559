/**
 * Runs one operation independently of HTTP. The route and `locals.api` call it and add no checks of their own. The steps:
 * caller, audience, input, limits, preparation, one transaction, handler, output, commit.
 */
import {
  authorizeAudience,
  refuseOtherOwner,
  surfaceOf,
  type Caller,
  type ResolvedCaller,
  type RunQuery,
  type Surface,
} from './caller.ts'
import { inTransaction, queryTogether, type Preflight, type Transaction } from './database/transaction.ts'
import { createHandlerContext } from './handler-context.ts'
import { claimKey, findReplay, saveResponse } from './idempotency.ts'
import type { Parts } from './input.ts'
import { parseInput, withHandlerFaults } from './input-checks.ts'
import {
  callHandler,
  createInvocation,
  isPrepared,
  receiveParts,
  type Invocation,
  type Prepared,
} from './invocation.ts'
import { createLifecycleAudit } from './lifecycle-audit.ts'
import { failureBucketsOf, limitStatement } from './limits.ts'
import type { Account, AnyActor, Definition, Implemented, PreparedHandler } from './operation.ts'
import { createResponse, type OperationResponse } from './output.ts'
import { createPrepareTools } from './prepare-tools.ts'
import { createPrefetchedRun } from './prefetched-run.ts'
import { GENERIC_PROBLEMS, isProblem, type Problem } from './problem.ts'
import type { ServerContext } from './server-context.ts'

export interface Execute {
  (operation: Implemented, parts: Parts, caller: Caller): Promise<OperationResponse>
}

export function createExecute(server: ServerContext): Execute {
  const lifecycleAudit = createLifecycleAudit(server)
  const query: RunQuery = async <T>(text: string, values: unknown[]) =>
    (await queryTogether(server.pool, [{ text, values }]))[0] as T[]

  const runPrefetched = createPrefetchedRun(server, query, runHandler)

  return async function execute(operation, parts, caller) {
    const invocation = createInvocation(operation, parts, caller, server.clock.now())
    const write = operation.definition.writes === true
    let response: OperationResponse | Problem
    try {
      response = (await runPrefetched(invocation)) ?? (await runSequential(invocation))
      if (isProblem(response)) await lifecycleAudit.recordRefusal(invocation, response)
      else await lifecycleAudit.recordRead(invocation)
    } catch (error) {
      if (invocation.countedInTransaction && isRefusedAttempt(error)) await countRefusedAttempt(invocation)
      const refusal = await withHandlerFaults(server, invocation, query, error)
      await lifecycleAudit.recordRefusal(invocation, refusal)
      throw toDeclaredProblem(refusal, invocation)
    }
    if (write) caller.resolved?.clear()
    if (invocation.hasEmitted) server.notifyOutbox()
    if (!isProblem(response)) takeBackFailures(invocation)
    for (const work of invocation.afterCommit) await runAfterCommit(invocation, work)
    if (isProblem(response)) throw toDeclaredProblem(response, invocation)
    return response
  }

  /** Default path: resolve the caller first. */
  async function runSequential(invocation: Invocation): Promise<OperationResponse | Problem> {
    const { definition, handler, caller, now } = invocation
    const surface = surfaceOf(definition.path)
    const resolved = await resolveCaller(surface, caller, now)
    authorizeAudience(definition, surface, resolved)
    const received = await receiveParts(invocation)
    refuseOtherOwner(caller, definition, resolved.actor)
    const input = parseInput(invocation, received)
    const replay = await findSignUpReplay(invocation, resolved, input)
    if (replay) return replay
    const limits = limitStatement(invocation, resolved, input)
    invocation.failureBuckets = failureBucketsOf(invocation, resolved, input)
    const prepared = isPrepared(handler)
      ? { value: await prepare(invocation, handler, resolved, input, limits) }
      : undefined
    return inTransaction(
      server.pool,
      {
        write: definition.writes === true,
        isAbandoned: caller.isGone,
        settings: server.contextSettings(resolved.actor, resolved.account, []),
        ...(limits && !prepared && { preflight: limits }),
      },
      (transaction) => runHandler(invocation, transaction, resolved, input, prepared),
    )
  }

  /** Runs slow work before the transaction. Limits are counted first, or in one batch with its first query. */
  async function prepare(
    invocation: Invocation,
    handler: PreparedHandler<Definition, unknown>,
    resolved: ResolvedCaller,
    input: Record<string, unknown>,
    limits: Preflight | undefined,
  ): Promise<unknown> {
    let counted = !limits
    const countAndQuery = async <T>(text: string, values: unknown[]) => {
      if (counted) return query<T>(text, values)
      counted = true
      const [limitRows, rows] = await queryTogether(server.pool, [limits!, { text, values }])
      limits!.check(limitRows!)
      return rows as T[]
    }
    if (limits && !handler.countsLimitsWithFirstQuery) {
      limits.check(await query(limits.text, limits.values))
      counted = true
    }
    invocation.refusedBy = 'prepare'
    const value = await handler.prepare(input as never, createPrepareTools(server, invocation, resolved, countAndQuery))
    invocation.refusedBy = undefined
    if (!counted)
      throw new Error(`${invocation.name}: prepare() must call query() first because countsLimitsWithFirstQuery is set`)
    return value
  }

  /** Of the limits that count failures: this call was none. */
  function takeBackFailures({ failureBuckets, afterCommit }: Invocation): void {
    if (failureBuckets.length === 0) return
    afterCommit.push(async () => {
      await query('select take_back_uses($1)', [failureBuckets])
    })
  }

  /** The rollback also undid the limit count, so count it again. */
  async function countRefusedAttempt(invocation: Invocation): Promise<void> {
    const resolved = await invocation.caller.resolved!.get('portal')!
    if (!('id' in resolved.actor)) return
    const { text, values } = limitStatement(invocation, resolved, {})!
    await query(text, values)
  }

  /** Runs the handler with its context, in an open transaction. */
  async function runHandler(
    invocation: Invocation,
    transaction: Transaction,
    resolved: ResolvedCaller,
    input: Record<string, unknown>,
    prepared: Prepared | undefined,
  ): Promise<OperationResponse | Problem> {
    const { name, definition, handler, caller } = invocation
    const { account, actor } = resolved
    const key = definition.creates ? caller.idempotencyKey : undefined
    const claim =
      key && account
        ? await claimOrDiscard(invocation, transaction, { key, account: account.id, actor }, prepared)
        : undefined
    if (claim && 'replay' in claim) return claim.replay
    invocation.savesResponse = key !== undefined
    const ctx = createHandlerContext(server, invocation, transaction, resolved)
    const result = await callHandler(handler, ctx, transaction, input, prepared)
    if (!invocation.isAllowed) throw new Error(`${name} returned without calling ctx.allow()`)
    if (isProblem(result)) {
      // Under an idempotency key nothing is kept of a refusal, so that the request can be repeated.
      if (key) throw result
      return result
    }
    const response = createResponse(definition, result, account)
    if (claim) await saveResponse(transaction, claim.row, response)
    else if (key) await saveResponseForNewAccount(invocation, transaction, { key, actor }, response)
    return response
  }

  /** Discards prepared work, such as uploaded files, when the idempotency key is a repeat or is refused. */
  async function claimOrDiscard(
    invocation: Invocation,
    transaction: Transaction,
    owner: Parameters<typeof claimKey>[2],
    prepared: Prepared | undefined,
  ): ReturnType<typeof claimKey> {
    const { handler } = invocation
    const discard = async () => {
      if (prepared && isPrepared(handler)) await handler.discard?.(prepared.value, server.files)
    }
    const claim = await claimKey(transaction, invocation, owner).catch(async (error: unknown) => {
      await discard()
      throw error
    })
    if ('replay' in claim) await discard()
    return claim
  }

  /** Finds the response of an earlier sign-up. Its path names no account, so the account is found by the input. */
  async function findSignUpReplay(
    invocation: Invocation,
    { actor, account }: ResolvedCaller,
    input: Record<string, unknown>,
  ): Promise<OperationResponse | undefined> {
    const { definition, handler, caller, now } = invocation
    const key = definition.creates ? caller.idempotencyKey : undefined
    if (!key || account || !isPrepared(handler)) return undefined
    const createdAccount = await handler.findCreatedAccount?.(input as never, { query, now })
    if (!createdAccount) return undefined
    const settings = server.contextSettings(actor, { id: createdAccount } as Account & { id: string }, [])
    return inTransaction(server.pool, { write: true, settings }, (transaction) =>
      findReplay(transaction, invocation, { key, account: createdAccount, actor }),
    )
  }

  async function saveResponseForNewAccount(
    invocation: Invocation,
    transaction: Transaction,
    { key, actor }: { key: string; actor: AnyActor },
    response: OperationResponse,
  ): Promise<void> {
    if (!invocation.createdAccountId) return
    const claim = await claimKey(transaction, invocation, { key, account: invocation.createdAccountId, actor })
    if ('row' in claim) await saveResponse(transaction, claim.row, response)
  }

  function resolveCaller(surface: Surface, caller: Caller, now: Date): Promise<ResolvedCaller> {
    caller.resolved ??= new Map()
    let lookup = caller.resolved.get(surface)
    if (!lookup) {
      lookup = server.identify(surface, caller, query, now)
      caller.resolved.set(surface, lookup)
    }
    return lookup
  }

  /** Returns declared problems unchanged and reports undeclared ones as bugs. */
  function toDeclaredProblem(error: unknown, { name, definition, caller }: Invocation): unknown {
    if (!isProblem(error)) return error
    if (error.code in GENERIC_PROBLEMS || definition.problems?.includes(error.code)) return error
    const undeclared = new Error(`${name} returned problem ${error.code}, which its contract does not declare`)
    if (server.strict) return undeclared
    server.reportError(undeclared, { operation: name, requestId: caller.requestId })
    return error
  }

  /** The transaction is committed and its response is final, so an error here is logged and not returned. */
  async function runAfterCommit({ name, caller }: Invocation, work: () => Promise<void> | void): Promise<void> {
    try {
      await work()
    } catch (error) {
      server.reportError(error, { operation: name, requestId: caller.requestId })
    }
  }
}

const isRefusedAttempt = (error: unknown): boolean => isProblem(error) && error.status < 500 && error.code !== 'tooMany'
