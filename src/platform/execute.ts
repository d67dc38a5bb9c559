/**
 * The lifecycle of a request without a socket: caller, audience, input, limits, preparation, one transaction, handler,
 * output, commit. The HTTP route and the pages' `locals.api` are its two adapters, and neither adds a rule.
 */
import {
  authorizeAudience,
  surfaceOf,
  type Caller,
  type ResolvedCaller,
  type RunQuery,
  type Surface,
} from './caller.ts'
import { asOutage, isOutage } from './database/errors.ts'
import { statementName } from './database/statements.ts'
import { inTransaction, queryTogether, type Preflight, type Transaction } from './database/transaction.ts'
import { createHandlerContext } from './handler-context.ts'
import { claimKey, findReplay, keepResponse } from './idempotency.ts'
import { parse, type Parts } from './input.ts'
import { callHandler, canPrefetch, createInvocation, isPrepared, type Invocation, type Ready } from './invocation.ts'
import { consumeCallerLimits, limitStatement, refuseOverLimit } from './limits.ts'
import type { Account, AnyActor, Definition, Implemented, PrefetchingHandler, PreparedHandler } from './operation.ts'
import { createResponse, type OperationResponse } from './output.ts'
import { GENERIC_PROBLEMS, isProblem } from './problem.ts'
import type { ServerContext } from './server-context.ts'

export interface Execute {
  (operation: Implemented, parts: Parts, caller: Caller): Promise<OperationResponse>
}

export function createExecute(server: ServerContext): Execute {
  const query: RunQuery = async <T>(sql: string, values: unknown[]) => {
    try {
      const result = await server.pool.query({ name: statementName(sql), text: sql, values })
      return result.rows as T[]
    } catch (error) {
      throw isOutage(error) ? asOutage(error) : error
    }
  }

  return async function execute(operation, parts, caller) {
    const invocation = createInvocation(operation, parts, caller, server.clock.now())
    const write = operation.definition.writes === true
    let response: OperationResponse
    try {
      response = canPrefetch(invocation)
        ? await inTransaction(server.pool, { write, settings: null }, (transaction) =>
            runPrefetched(invocation, transaction),
          )
        : await runResolved(invocation)
    } catch (error) {
      if (invocation.countedInTransaction && isRefusedAttempt(error)) await countRefusedAttempt(invocation)
      throw toDeclaredProblem(error, invocation)
    }
    if (write) caller.resolved?.clear()
    if (invocation.hasEmitted) server.emitted()
    for (const work of invocation.afterCommit) await runAfterCommit(invocation, work)
    return response
  }

  /** The usual order: the caller is resolved before anything else is queried. */
  async function runResolved(invocation: Invocation): Promise<OperationResponse> {
    const { definition, handler, parts, caller, now } = invocation
    const surface = surfaceOf(definition.path)
    const resolved = await resolveCaller(surface, caller, now)
    authorizeAudience(definition, surface, resolved)
    const input = parse(definition, parts)
    const replay = await findOpenedReplay(invocation, resolved, input)
    if (replay) return replay
    const limits = limitStatement(invocation, resolved, input)
    const ready = isPrepared(handler)
      ? { value: await prepare(invocation, handler, resolved, input, limits) }
      : undefined
    return inTransaction(
      server.pool,
      {
        write: definition.writes === true,
        settings: server.contextSettings(resolved.actor, resolved.account, []),
        ...(limits && !ready && { preflight: limits }),
      },
      (transaction) => runHandler(invocation, transaction, resolved, input, ready),
    )
  }

  /** Slow work before the transaction. Its limits are counted before it, or along with its first query if it says so. */
  async function prepare(
    { name, caller, now }: Invocation,
    handler: PreparedHandler<Definition, unknown>,
    { account, actor }: ResolvedCaller,
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
    if (limits && !handler.countsLimitsFirst) {
      limits.check(await query(limits.text, limits.values))
      counted = true
    }
    const value = await handler.prepare(input as never, {
      account: account as Account,
      actor,
      now,
      query: countAndQuery,
      clientAddress: caller.clientAddress,
      files: server.files,
    })
    if (!counted) throw new Error(`${name} says that it queries first when it prepares, and did not`)
    return value
  }

  /**
   * One round trip less: the transaction looks the caller up and sets its context, and what depends on the input alone is
   * sent along.
   */
  async function runPrefetched(invocation: Invocation, transaction: Transaction): Promise<OperationResponse> {
    const { definition, handler, parts, caller, now } = invocation
    const lookup = server.identify('portal', caller, transaction.query, now, true)
    caller.resolved ??= new Map()
    caller.resolved.set('portal', lookup)
    let input: Record<string, unknown> | undefined, inputProblem: unknown
    try {
      input = parse(definition, parts)
    } catch (error) {
      inputProblem = error
    }
    const limitChecks = consumeCallerLimits(invocation, transaction)
    invocation.countedInTransaction = limitChecks.length > 0
    const prefetched =
      input && typeof handler !== 'function'
        ? (handler as PrefetchingHandler<Definition, unknown>).prefetch(transaction.db, input as never)
        : undefined
    for (const each of [...limitChecks, prefetched]) each?.catch(() => {})
    const resolved = await lookup
    // In this order, whatever was sent: audience, input, limits.
    authorizeAudience(definition, 'portal', resolved)
    if (!input) throw inputProblem
    for (const rows of limitChecks) refuseOverLimit(await rows)
    // The same look-up outside of a read-only transaction writes down when the session was used.
    if (resolved.stale)
      invocation.afterCommit.push(async () => {
        await server.identify('portal', caller, query, now)
      })
    return runHandler(invocation, transaction, resolved, input, { value: await prefetched })
  }

  /** A refused attempt counts like any other, but its count was rolled back with its transaction. */
  async function countRefusedAttempt(invocation: Invocation): Promise<void> {
    const resolved = await invocation.caller.resolved!.get('portal')!
    if (!('id' in resolved.actor)) return
    const { text, values } = limitStatement(invocation, resolved, {})!
    await query(text, values)
  }

  /** The handler with its context, in an open transaction. */
  async function runHandler(
    invocation: Invocation,
    transaction: Transaction,
    resolved: ResolvedCaller,
    input: Record<string, unknown>,
    ready: Ready | undefined,
  ): Promise<OperationResponse> {
    const { name, definition, handler, caller } = invocation
    const { account, actor } = resolved
    const key = definition.creates ? caller.idempotencyKey : undefined
    const claim =
      key && account
        ? await claimOrDiscard(invocation, transaction, { key, account: account.id, actor }, ready)
        : undefined
    if (claim && 'replay' in claim) return claim.replay
    invocation.keepsResponse = key !== undefined
    const ctx = createHandlerContext(server, invocation, transaction, resolved)
    const result = await callHandler(handler, ctx, transaction, input, ready)
    if (!invocation.isAllowed) throw new Error(`${name} answered without asking its policy (ctx.allow)`)
    const response = createResponse(definition, result, account)
    if (claim) await keepResponse(transaction, claim.row, response)
    else if (key) await keepForOpened(invocation, transaction, { key, actor }, response)
    return response
  }

  /** A repeated or refused key takes back what was prepared, such as the bytes of an upload. */
  async function claimOrDiscard(
    invocation: Invocation,
    transaction: Transaction,
    owner: Parameters<typeof claimKey>[2],
    ready: Ready | undefined,
  ): ReturnType<typeof claimKey> {
    const { handler } = invocation
    const discard = async () => {
      if (ready && isPrepared(handler)) await handler.discard?.(ready.value, server.files)
    }
    const claim = await claimKey(transaction, invocation, owner).catch(async (error: unknown) => {
      await discard()
      throw error
    })
    if ('replay' in claim) await discard()
    return claim
  }

  /** The response of an earlier request that opened the account; its address names none, so the input does. */
  async function findOpenedReplay(
    invocation: Invocation,
    { actor, account }: ResolvedCaller,
    input: Record<string, unknown>,
  ): Promise<OperationResponse | undefined> {
    const { definition, handler, caller, now } = invocation
    const key = definition.creates ? caller.idempotencyKey : undefined
    if (!key || account || !isPrepared(handler)) return undefined
    const opened = await handler.openedAccount?.(input as never, { query, now })
    if (!opened) return undefined
    const settings = server.contextSettings(actor, { id: opened } as Account & { id: string }, [])
    return inTransaction(server.pool, { write: true, settings }, (transaction) =>
      findReplay(transaction, invocation, { key, account: opened, actor }),
    )
  }

  async function keepForOpened(
    invocation: Invocation,
    transaction: Transaction,
    { key, actor }: { key: string; actor: AnyActor },
    response: OperationResponse,
  ): Promise<void> {
    if (!invocation.enteredAccount) return
    const claim = await claimKey(transaction, invocation, { key, account: invocation.enteredAccount, actor })
    if ('row' in claim) await keepResponse(transaction, claim.row, response)
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

  /** A declared refusal is returned unchanged; an undeclared one is a bug in the contract or handler. */
  function toDeclaredProblem(error: unknown, { name, definition, caller }: Invocation): unknown {
    if (!isProblem(error)) return error
    if (error.code in GENERIC_PROBLEMS || definition.problems?.includes(error.code)) return error
    const undeclared = new Error(`${name} refused with ${error.code}, which its contract does not declare`)
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
