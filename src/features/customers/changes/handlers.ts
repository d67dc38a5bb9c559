/** What every change of a customer does: load the record, decide, take its next version, and write the audit. */
import type { Context } from '../../../platform/operation.ts'
import { problem, type Decision } from '../../../platform/problem.ts'
import type { AuditEventName } from '../../audit/rules.ts'
import { customers } from '../contract.ts'
import { mayEditCustomer } from '../policy.ts'
import { bumpVersion, findCustomer, type CustomerKey } from '../queries.ts'

type Reader = Context<(typeof customers)['getCustomer']>
type Writer = Context<(typeof customers)['archiveCustomer']>

/** Some of the operations, for handlers that implement only these. */
export const pickOperations = <Name extends keyof typeof customers>(...names: Name[]) =>
  Object.fromEntries(names.map((name) => [name, customers[name]])) as Pick<typeof customers, Name>

/** The record; notFound when it does not exist or the actor may not see it. */
export async function loadCustomer(ctx: Pick<Reader, 'db' | 'account'>, customer: string) {
  const key = { account: ctx.account.id, customer }
  const row = await findCustomer(ctx.db, key)
  if (!row) throw problem('notFound')
  return { key, row }
}

/** The record, loaded and allowed to be changed, before anything is written. */
export async function loadEditable(
  ctx: Pick<Writer, 'db' | 'account' | 'actor'> & { allow(decision: Decision): void },
  customer: string,
) {
  const loaded = await loadCustomer(ctx, customer)
  ctx.allow(mayEditCustomer(ctx.actor, loaded.row))
  return loaded
}

/** The version of this change. A change based on an older version is refused, so nothing is overwritten (E-41). */
export async function claimVersion(
  ctx: Pick<Writer, 'db' | 'now'>,
  key: CustomerKey,
  expected?: number,
): Promise<number> {
  const next = await bumpVersion(ctx.db, key, expected, ctx.now)
  if (next === undefined) throw problem('customerChanged')
  return next
}

export const audit = (
  ctx: Pick<Writer, 'audit'>,
  event: AuditEventName,
  subjectId: string,
  details: Record<string, unknown>,
) => ctx.audit({ event, subjectKind: 'customer', subjectId, details })
