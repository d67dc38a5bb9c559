/** What the request lifecycle needs from the application. app.ts puts it together. */
import type pg from 'pg'
import type { Caller, ResolvedCaller, RunQuery, Surface } from './caller.ts'
import type { Clock } from './clock.ts'
import type { Settings } from './database/transaction.ts'
import type { FileStore } from './files.ts'
import type { LifecycleEvent } from './lifecycle-audit.ts'
import type { Sealer } from './secrets.ts'
import type { Account, AnyActor, AuditEntry, Implemented, Message, ReachAddition, Urls, Write } from './operation.ts'

export interface ServerContext {
  pool: pg.Pool
  clock: Clock
  operations: readonly Implemented[]
  /** One query: account, session, actor with everything its reach needs. */
  identify(
    surface: Surface,
    caller: Caller,
    query: RunQuery,
    now: Date,
    options?: { isInTransaction: boolean },
  ): Promise<ResolvedCaller>
  /** Reach as settings of the transaction. */
  contextSettings(actor: AnyActor, account: Account | null, added: readonly ReachAddition[]): Settings
  emit(db: Write, messages: readonly Message[], about: { account: Account; now: Date }): Promise<void>
  /** Called once what was emitted is committed. Returns at once and never throws. */
  notifyOutbox(): void
  audit(
    db: Write,
    entry: AuditEntry,
    about: {
      account: (Account & { id: string }) | null
      actor: AnyActor
      now: Date
      requestId: string
      clientAddress: string
    },
  ): Promise<void>
  /** The event for a refusal of an operation, if refusals of it are recorded. */
  refusalEventOf(operation: string): LifecycleEvent | undefined
  /** The event for an operation that only reads and is recorded all the same, such as an export. */
  readEventOf(operation: string): LifecycleEvent | undefined
  files: FileStore
  sealer: Sealer
  urlsOf(account: Account | null): Urls
  /** Test and development: undeclared problems and handlers that ask no policy are errors. */
  strict: boolean
  warn(message: string, about: Record<string, unknown>): void
  reportError(error: unknown, where: { operation: string; requestId: string }): void
}
