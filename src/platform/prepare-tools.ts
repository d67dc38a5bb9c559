/** What `prepare` works with, before the transaction. */
import { cookieSuffix, type ResolvedCaller, type RunQuery } from './caller.ts'
import type { Invocation } from './invocation.ts'
import type { Account, PrepareTools } from './operation.ts'
import { createRehearse } from './rehearsal.ts'
import type { ServerContext } from './server-context.ts'

export const createPrepareTools = (
  server: ServerContext,
  invocation: Invocation,
  resolved: ResolvedCaller,
  query: RunQuery,
): PrepareTools => {
  const { caller, now } = invocation
  const { account, actor } = resolved
  return {
    account: account as Account,
    actor,
    now,
    query,
    clientAddress: caller.clientAddress,
    browserToken: caller.browserTokens[cookieSuffix(account)] ?? null,
    files: server.files,
    warn: (message, about) => server.warn(message, { ...about, requestId: caller.requestId }),
    rehearse: createRehearse(server, invocation, resolved),
  }
}
