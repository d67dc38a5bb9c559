/**
 * Runs operations of portals and offices whose transaction begins with the look-up of the caller, so that statements which
 * depend on input alone travel with it. The reads of one portal page share such a transaction.
 */
import { authorizeAudience, refuseOtherOwner, surfaceOf, type ResolvedCaller, type RunQuery } from './caller.ts'
import { toProblem } from './database/errors.ts'
import { inTransaction, type Transaction } from './database/transaction.ts'
import { parseInput } from './input-checks.ts'
import { canJoinReads, canPrefetch, isPrefetching, type Invocation, type Prepared } from './invocation.ts'
import { consumeCallerLimits, refuseOverLimit } from './limits.ts'
import type { OperationResponse } from './output.ts'
import type { Problem } from './problem.ts'
import type { ServerContext } from './server-context.ts'

type Result = OperationResponse | Problem

interface RunHandler {
  (
    invocation: Invocation,
    transaction: Transaction,
    resolved: ResolvedCaller,
    input: Record<string, unknown>,
    prepared: Prepared | undefined,
  ): Promise<Result>
}

type Work = (begun: { transaction: Transaction; lookup: Promise<ResolvedCaller> }) => Promise<Result>
type Begin = (work: Work) => Promise<Result>

/** The function that runs such an operation; its promise is undefined for any other. */
export function createPrefetchedRun(
  server: ServerContext,
  query: RunQuery,
  runHandler: RunHandler,
): (invocation: Invocation) => Promise<Result | undefined> {
  return async function run(invocation) {
    const { caller, definition } = invocation
    const { pageReads } = caller
    const reads = pageReads && canJoinReads(invocation) ? pageReads : undefined
    if (reads?.isOpen)
      return reads
        .join(({ transaction, lookup }) => runWithLookup(invocation, transaction, lookup, runHandler))
        .catch(rethrowAsProblem)
    if (!canPrefetch(invocation)) return undefined
    const options = {
      write: definition.writes === true,
      settings: null,
      isAbandoned: caller.isGone,
      isShared: reads !== undefined,
    }
    const begin: Begin = (work) =>
      inTransaction(server.pool, options, (transaction) =>
        work({ transaction, lookup: lookUp(invocation, transaction) }),
      )
    const runOwn: Work = ({ transaction, lookup }) => runAsFirst(invocation, transaction, lookup)
    return reads ? reads.open(begin, runOwn) : begin(runOwn)
  }

  /** Sends the statement that finds the caller and sets the reach of the transaction. */
  function lookUp({ definition, caller, now }: Invocation, transaction: Transaction): Promise<ResolvedCaller> {
    const surface = surfaceOf(definition.path)
    const lookup = server.identify(surface, caller, transaction.query, now, { isInTransaction: true })
    caller.resolved ??= new Map()
    // The page's other operations wait for it too: without a database they are unavailable, and none has failed.
    const shared = lookup.catch(rethrowAsProblem)
    shared.catch(() => {})
    caller.resolved.set(surface, shared)
    return lookup
  }

  async function runAsFirst(invocation: Invocation, transaction: Transaction, lookup: Promise<ResolvedCaller>) {
    const { definition, caller, now } = invocation
    const result = await runWithLookup(invocation, transaction, lookup, runHandler)
    // Repeats the lookup outside the read-only transaction to save when the session was used.
    if ((await lookup).needsLastUsedUpdate)
      invocation.afterCommit.push(async () => {
        await server.identify(surfaceOf(definition.path), caller, query, now)
      })
    return result
  }
}

/** Saves a round trip: caller lookup, limits and prefetch are sent together. */
async function runWithLookup(
  invocation: Invocation,
  transaction: Transaction,
  lookup: Promise<ResolvedCaller>,
  runHandler: RunHandler,
): Promise<Result> {
  const { definition, handler, parts, caller, now } = invocation
  let input: Record<string, unknown> | undefined, inputProblem: unknown
  try {
    input = parseInput(invocation, parts)
  } catch (error) {
    inputProblem = error
  }
  const limitChecks = consumeCallerLimits(invocation, transaction)
  invocation.countedInTransaction = limitChecks.length > 0
  const prefetched = input && isPrefetching(handler) ? handler.prefetch(transaction.db, input as never, now) : undefined
  for (const each of [...limitChecks, prefetched]) each?.catch(() => {})
  const resolved = await lookup
  // Errors are reported in this order, whichever query fails first.
  authorizeAudience(definition, surfaceOf(definition.path), resolved)
  refuseOtherOwner(caller, definition, resolved.actor)
  if (!input) throw inputProblem
  for (const rows of limitChecks) refuseOverLimit(await rows)
  return runHandler(invocation, transaction, resolved, input, { value: await prefetched })
}

function rethrowAsProblem(error: unknown): never {
  throw toProblem(error)
}
