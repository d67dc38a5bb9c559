/** Audit entries that handlers cannot write: refusals, whose transaction was rolled back, and what an operation only read. */
import { surfaceOf } from './caller.ts'
import { inTransaction } from './database/transaction.ts'
import { isId } from './ids.ts'
import type { Invocation } from './invocation.ts'
import type { AuditEntry } from './operation.ts'
import { isProblem, type Problem } from './problem.ts'
import type { ServerContext } from './server-context.ts'

/** How the application records the outcome of an operation (features/audit/rules.ts). */
export interface LifecycleEvent {
  name: AuditEntry['event']
  subject: AuditEntry['subjectKind'] | null
  refusals?: readonly string[]
  /** Path parameter that names the subject. */
  subjectIn?: string
}

export interface LifecycleAudit {
  /** Records a refusal in a transaction of its own, before the answer leaves. Its own failure is reported, not thrown. */
  recordRefusal(invocation: Invocation, error: unknown): Promise<void>
  /** Records what was read. Throws when it cannot: then nothing is handed out. */
  recordRead(invocation: Invocation): Promise<void>
}

export function createLifecycleAudit(server: ServerContext): LifecycleAudit {
  /** `subjectId` undefined: the caller, if the event is about such a caller. */
  async function write(
    invocation: Invocation,
    event: LifecycleEvent,
    details: Record<string, unknown>,
    subjectId?: string,
  ): Promise<void> {
    const { definition, caller, now } = invocation
    const lookup = caller.resolved?.get(surfaceOf(definition.path))
    if (!lookup) return
    const { account, actor } = await lookup
    if (!definition.audience.includes(actor.kind)) return
    const { requestId, clientAddress } = caller
    const id = subjectId ?? (event.subject === actor.kind && 'id' in actor ? (actor.id as string) : undefined)
    const subject = id && event.subject ? { subjectKind: event.subject, subjectId: id } : {}
    const entry = { event: event.name, ...subject, details }
    const settings = server.contextSettings(actor, account, [])
    await inTransaction(server.pool, { write: true, settings }, ({ db }) =>
      server.audit(db, entry, { account, actor, now, requestId, clientAddress }),
    )
  }

  return {
    async recordRefusal(invocation, error) {
      const { name, parts, caller } = invocation
      const event = server.refusalEventOf(name)
      if (!event || !isProblem(error) || !event.refusals?.some((code) => isRefusalWith(code, error))) return
      const subjectId = event.subject === error.subject?.kind ? error.subject?.id : idIn(parts.params, event.subjectIn)
      const details = { operation: name, code: event.refusals.find((code) => isRefusalWith(code, error))! }
      await write(invocation, event, details, subjectId).catch((failure: unknown) =>
        server.reportError(failure, { operation: name, requestId: caller.requestId }),
      )
    },

    async recordRead(invocation) {
      const event = server.readEventOf(invocation.name)
      if (event) await write(invocation, event, { filter: invocation.parts.query ?? {} })
    },
  }
}

/** By its own code, or by that of any field that was wrong. */
const isRefusalWith = (code: string, { code: own, fields = {} }: Problem): boolean =>
  own === code || (own === 'input' && Object.values(fields).some((field) => field.code === code))

function idIn(params: unknown, name: string | undefined): string | undefined {
  const value = name === undefined ? undefined : (params as Record<string, unknown> | undefined)?.[name]
  return typeof value === 'string' && isId(value) ? value : undefined
}
