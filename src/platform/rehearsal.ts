/**
 * Carries out an operation only to see what it would change: with its own input checks, policy and handler, in a transaction that
 * is always rolled back. Nothing of it stays: limits and idempotency keys are not touched, messages are not sent, and work for
 * after the commit does not run.
 */
import { authorizeAudience, surfaceOf, type ResolvedCaller } from './caller.ts'
import { inTransaction, type Transaction } from './database/transaction.ts'
import { createHandlerContext } from './handler-context.ts'
import { parse, split } from './input.ts'
import { callHandler, createInvocation, isPrepared, type Invocation } from './invocation.ts'
import type { Account, AnyActor, Read } from './operation.ts'
import { isProblem } from './problem.ts'
import type { ServerContext } from './server-context.ts'

type AccountRow = Account & { id: string }

/** Carries out another operation of a caller, to see what it would change. */
export type Rehearse = <T>(
  operation: string,
  input: Record<string, unknown>,
  observe: (rehearsal: Rehearsal) => Promise<T>,
) => Promise<T>

export interface Rehearsal {
  /** Reads as the caller does. */
  db: Read
  /** The account as it is now. */
  findAccount(): Promise<AccountRow>
  /** Carries the operation out; `db` shows what it changed. @throws what it would answer if it refuses */
  run(): Promise<void>
  /** Reads within the reach of somebody else. */
  readAs<T>(actor: AnyActor, account: AccountRow, read: (db: Read) => Promise<T>): Promise<T>
}

export function createRehearse(server: ServerContext, { caller, now }: Invocation, resolved: ResolvedCaller): Rehearse {
  return async (name, input, observe) => {
    const operation = server.operations.find((each) => each.name === name)
    // What is prepared before a transaction, such as a stored file, could not be taken back.
    if (!operation || isPrepared(operation.handler)) throw new Error(`${name} cannot be rehearsed`)
    const { definition } = operation
    authorizeAudience(definition, surfaceOf(definition.path), resolved)
    const parts = split(definition, input)
    const parsed = parse(definition, parts)
    const invocation = createInvocation(operation, parts, { ...caller, idempotencyKey: undefined }, now)
    const settings = server.contextSettings(resolved.actor, resolved.account, [])
    // Shared: the last statement of the handler must not end a transaction that goes on.
    const options = { write: true, rollsBack: true, isShared: true, settings }
    return inTransaction(server.pool, options, (transaction) =>
      observe(createRehearsal(server, { invocation, transaction, resolved, parsed })),
    )
  }
}

interface Scene {
  invocation: Invocation
  transaction: Transaction
  resolved: ResolvedCaller
  parsed: Record<string, unknown>
}

function createRehearsal(server: ServerContext, { invocation, transaction, resolved, parsed }: Scene): Rehearsal {
  const { name, definition, handler, caller, now } = invocation
  const readAsCaller = () => transaction.begin(server.contextSettings(resolved.actor, resolved.account, []))
  return {
    db: transaction.db,
    async findAccount() {
      const surface = surfaceOf(definition.path)
      const { account } = await server.identify(surface, caller, transaction.query, now, { isInTransaction: true })
      return account!
    },
    async run() {
      const ctx = createHandlerContext(server, invocation, transaction, resolved)
      const result = await callHandler(handler, ctx, transaction, parsed, undefined)
      if (!invocation.isAllowed) throw new Error(`${name} returned without calling ctx.allow()`)
      if (isProblem(result)) throw result
      await readAsCaller()
    },
    async readAs(actor, account, read) {
      await transaction.begin(server.contextSettings(actor, account, []))
      const result = await read(transaction.db)
      await readAsCaller()
      return result
    },
  }
}
