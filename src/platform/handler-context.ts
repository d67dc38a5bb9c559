/** `ctx`: what a handler works with, in its open transaction. */
import { cookieSuffix, surfaceOf, type ResolvedCaller } from './caller.ts'
import { finalStatement } from './database/statements.ts'
import type { Transaction } from './database/transaction.ts'
import { newId } from './ids.ts'
import type { Invocation } from './invocation.ts'
import type { Account, AnyActor, AuditEntry, Context, Message, ReachAddition, Read, Write } from './operation.ts'
import { problem } from './problem.ts'
import type { ServerContext } from './server-context.ts'

export function createHandlerContext(
  server: ServerContext,
  invocation: Invocation,
  transaction: Transaction,
  { account, actor, locale }: ResolvedCaller,
): Context {
  const { now, caller, name, definition } = invocation
  const { requestId, clientAddress, userAgent, signUpToken } = caller
  const { db } = transaction
  /** The account that mails and audit belong to: that of the address, or the one that was entered. */
  let current = account
  return {
    ...{ actor, account, db, now, locale, requestId, clientAddress, userAgent, signUpToken, newId },
    usesMainHost: caller.usesMainHost === true && surfaceOf(definition.path) === 'portal',
    browserToken: caller.browserTokens[cookieSuffix(account)] ?? null,
    ...{ files: server.files, sealer: server.sealer },
    urls: server.urlsOf(account),
    allow(decision) {
      invocation.isAllowed = true
      if (!decision.yes) throw problem(decision.code, decision.vars && { vars: decision.vars })
    },
    emit(message: Message) {
      invocation.hasEmitted = true
      return server.emit(db, [message], { account: current as Account, now })
    },
    emitAll(messages: readonly Message[]) {
      invocation.hasEmitted ||= messages.length > 0
      return server.emit(handleForMessages(invocation, db, messages), messages, { account: current as Account, now })
    },
    audit(entry: AuditEntry) {
      return server.audit(db, entry, { account: current, actor, now, requestId, clientAddress })
    },
    async enter(id: string) {
      if (account) throw new Error(`${name} has its account already`)
      current = { id } as Account & { id: string }
      invocation.createdAccountId = id
      await transaction.begin(server.contextSettings(actor, current, []))
    },
    ...createReach(server, transaction, { actor, account }),
    countFailure() {
      invocation.failureBuckets = []
    },
    afterCommit(work: () => Promise<void> | void) {
      invocation.afterCommit.push(work)
    },
  } as Context
}

/** How a handler goes beyond the reach of its actor. */
function createReach(
  server: ServerContext,
  transaction: Transaction,
  { actor, account }: Pick<ResolvedCaller, 'actor' | 'account'>,
) {
  const added: ReachAddition[] = []
  return {
    async reachAlso(addition: ReachAddition) {
      added.push(addition)
      await transaction.begin(server.contextSettings(actor, account, added))
    },
    async readAs<T>(other: AnyActor, read: (asOther: Read) => Promise<T>) {
      await transaction.begin(server.contextSettings(other, account, []))
      const result = await read(transaction.db)
      await transaction.begin(server.contextSettings(actor, account, added))
      return result
    },
  }
}

/** Messages are the last statement of a transaction, unless its response still has to be kept or nothing was allowed yet. */
function handleForMessages({ savesResponse, isAllowed }: Invocation, db: Write, messages: readonly Message[]): Write {
  const isFinal = isAllowed && !savesResponse && messages.length > 0
  return isFinal ? finalStatement(db) : db
}
