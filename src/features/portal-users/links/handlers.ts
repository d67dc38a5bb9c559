/** Which customers a portal user belongs to, and the permissions of each link. */
import { implement, type Read } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import { portalUsers } from '../contract.ts'
import { holdGroup } from '../groups/queries.ts'
import { mayManageUser } from '../policy.ts'
import { lockPortalUser } from '../queries.ts'
import { nullIfNoneSet } from '../rules.ts'
import {
  deleteLink,
  findExistingCustomers,
  findLink,
  holdContact,
  insertLink,
  updateLink,
  type LinkScope,
} from './queries.ts'

const { linkCustomer, updatePortalLink, unlinkCustomer } = portalUsers

export const portalLinksHandlers = implement(
  'portal-users',
  { linkCustomer, updatePortalLink, unlinkCustomer },
  {
    async linkCustomer(ctx, { user: id, customer, permissions, group, scope, contact }) {
      const person = contact && (await holdContact(ctx.db, ctx.account.id, contact))
      const user = await lockPortalUser(ctx.db, ctx.account.id, id)
      ctx.allow(mayManageUser(ctx.actor, 'customize', user))
      if (!(await findExistingCustomers(ctx.db, ctx.account.id, [customer])).has(customer))
        throw problem('input', { fields: { customer: 'choice' } })
      const isForeign = contact !== undefined && (!person || person.customer !== customer)
      if (isForeign || (scope === 'contact' && !contact)) throw problem('input', { fields: { contact: 'choice' } })
      if (group) await holdGroup(ctx.db, ctx.account.id, group)
      const link = ctx.newId()
      if (
        !(await insertLink(
          ctx.db,
          ctx.account.id,
          {
            id: link,
            user: id,
            customer,
            permissions: nullIfNoneSet(permissions),
            group: group ?? null,
            scope,
            contact,
          },
          ctx.now,
        ))
      )
        throw problem('alreadyLinked')
      await ctx.audit({
        event: 'customerLinked',
        subjectKind: 'portalUser',
        subjectId: id,
        details: { customer, ...(group && { group }), ...(scope && { scope }), ...(contact && { contact }) },
      })
      return { id: link }
    },

    async updatePortalLink(ctx, { user: id, link, permissions, group, scope, contact }) {
      const customerOfContact = contact && (await holdContact(ctx.db, ctx.account.id, contact))?.customer
      const user = await lockPortalUser(ctx.db, ctx.account.id, id)
      ctx.allow(mayManageUser(ctx.actor, 'customize', user))
      if (group) await holdGroup(ctx.db, ctx.account.id, group)
      const change = {
        ...(permissions !== undefined && { permissions: nullIfNoneSet(permissions) }),
        ...(group !== undefined && { group }),
        ...(scope !== undefined && { scope }),
        ...(contact !== undefined && { contact }),
      }
      if (scope !== undefined || contact !== undefined)
        await requireContact(ctx.db, { account: ctx.account.id, user: id, link }, change, customerOfContact)
      const updated = await updateLink(ctx.db, ctx.account.id, id, link, change, ctx.now)
      if (!updated) throw problem('notFound')
      await ctx.audit({
        event: 'linkPermissionsChanged',
        subjectKind: 'portalUser',
        subjectId: id,
        details: { customer: updated.customer_id, ...change },
      })
      return {}
    },

    async unlinkCustomer(ctx, { user: id, link }) {
      const user = await lockPortalUser(ctx.db, ctx.account.id, id)
      ctx.allow(mayManageUser(ctx.actor, 'customize', user))
      const deleted = await deleteLink(ctx.db, ctx.account.id, id, link, ctx.now)
      if (!deleted) throw problem('notFound')
      await ctx.audit({
        event: 'customerUnlinked',
        subjectKind: 'portalUser',
        subjectId: id,
        details: { customer: deleted.customer_id },
      })
      return {}
    },
  },
)

/** A link names a contact of its own customer, and one of the scope `contact` always names one. */
async function requireContact(
  db: Read,
  { account, user, link }: { account: string; user: string; link: string },
  change: { scope?: LinkScope; contact?: string },
  customerOfContact: string | undefined,
): Promise<void> {
  const current = await findLink(db, account, user, link)
  if (!current) throw problem('notFound')
  const { scope, contact } = { ...current, ...change }
  const isForeign = change.contact !== undefined && customerOfContact !== current.customer
  if (isForeign || (scope === 'contact' && contact === null)) throw problem('input', { fields: { contact: 'choice' } })
}
