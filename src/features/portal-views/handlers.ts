import { writeAudit } from '../../platform/audit.ts'
import { implement, type Write } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import type { AuditInput } from '../audit/rules.ts'
import { isPortalUser } from '../identity/policy.ts'
import { staffNameFor } from '../jobs/rules.ts'
import { portalViews } from './contract.ts'
import { mayUseView, mayViewAs } from './policy.ts'
import {
  endLapsedViews,
  endViews,
  findView,
  findViewed,
  insertView,
  listViewsOf,
  type PortalView,
  type Viewed,
} from './queries.ts'
import { endOf } from './rules.ts'

export const portalViewsHandlers = implement('portal-views', portalViews, {
  async startPortalView(ctx, { kind, id: viewedId }) {
    ctx.allow(mayViewAs(ctx.actor))
    const viewed = await findViewed(ctx.db, ctx.account.id, kind, viewedId)
    if (!viewed) throw problem('notFound')
    // One browser shows one customer at a time: the view before ends first (RS-19).
    for (const ended of await endViews(ctx.db, ctx.account.id, { session: ctx.actor.sessionId }, ctx.now))
      await ctx.audit(auditOf('portalViewEnded', ended))
    const id = ctx.newId()
    await insertView(ctx.db, ctx.account.id, ctx.actor, { ...viewed, id, at: ctx.now })
    await ctx.audit(auditOf('portalViewStarted', { ...viewed, id }))
    return presentView({ ...viewed, id, started_at: ctx.now, seen_at: ctx.now })
  },

  async getPortalView(ctx, { view: id }) {
    const view = await findView(ctx.db, ctx.account.id, id)
    ctx.allow(mayUseView(ctx.actor, view))
    if (view!.ended_at || endOf(timesOf(view!)) <= ctx.now) throw problem('viewEnded')
    return presentView(view!)
  },

  async endPortalView(ctx, { view: id }) {
    const view = await findView(ctx.db, ctx.account.id, id)
    ctx.allow(mayUseView(ctx.actor, view))
    for (const ended of await endViews(ctx.db, ctx.account.id, { id }, ctx.now))
      await ctx.audit(auditOf('portalViewEnded', ended))
    return presentView(view!)
  },

  async listPortalViews(ctx) {
    ctx.allow(isPortalUser(ctx.actor))
    const { portal, id } = ctx.account
    const views = await listViewsOf(ctx.db, id, ctx.actor.id)
    return {
      rows: views.map(({ staff_name: name, started_at: at }) => ({
        name: staffNameFor(portal.staffNames, name, portal.name),
        at,
      })),
    }
  },
})

/** Ends the views that nobody left, and records that as the end of whoever started them. Runs as portico_system. */
export async function endLapsedPortalViews(db: Write, now: Date): Promise<void> {
  for (const view of await endLapsedViews(db, now))
    await writeAudit(db, auditOf('portalViewEnded', view), {
      account: { id: view.account_id } as never,
      actor: { kind: 'staff', id: view.staff_member_id, name: view.staff_name } as never,
      now: view.ended_at!,
      requestId: '',
      clientAddress: '',
    })
}

/** Both names: who looked is the entry's actor. */
function auditOf(
  event: 'portalViewStarted' | 'portalViewEnded',
  { id, ...viewed }: Viewed & { id: string },
): AuditInput {
  const { kind, name, customer_id: customer, contact_id: contact, portal_user_id: portalUser } = viewed
  const secureLink = viewed.secure_link_id
  return {
    event,
    subjectKind: 'portalView',
    subjectId: id,
    details: { kind, name, customer, contact, portalUser, ...(secureLink && { secureLink }) },
  }
}

const timesOf = (view: Pick<PortalView, 'started_at' | 'seen_at'>) => ({
  startedAt: view.started_at,
  seenAt: view.seen_at,
})

const presentView = (view: Viewed & Pick<PortalView, 'id' | 'started_at' | 'seen_at'>) => ({
  id: view.id,
  kind: view.kind,
  name: view.name,
  customer: view.customer_id,
  portalUser: view.portal_user_id,
  startedAt: view.started_at,
  endsAt: endOf(timesOf(view)),
})
