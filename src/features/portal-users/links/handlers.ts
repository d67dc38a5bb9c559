/** Which customers a portal user belongs to, and the permissions of each link. */
import { implement } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import { portalUsers } from '../contract.ts'
import { holdGroup } from '../groups/queries.ts'
import { mayManageUser } from '../policy.ts'
import { lockPortalUser } from '../queries.ts'
import { nullIfNoneSet } from '../rules.ts'
import { deleteLink, insertLink, findExistingCustomers, updateLink } from './queries.ts'

const { linkCustomer, updatePortalLink, unlinkCustomer } = portalUsers

export const portalLinksHandlers = implement(
  'portal-users',
  { linkCustomer, updatePortalLink, unlinkCustomer },
  {
    async linkCustomer(ctx, { user: id, customer, permissions, group }) {
      const user = await lockPortalUser(ctx.db, ctx.account.id, id)
      ctx.allow(mayManageUser(ctx.actor, 'customize', user))
      if (!(await findExistingCustomers(ctx.db, ctx.account.id, [customer])).has(customer))
        throw problem('input', { fields: { customer: 'choice' } })
      if (group) await holdGroup(ctx.db, ctx.account.id, group)
      const link = ctx.newId()
      if (
        !(await insertLink(
          ctx.db,
          ctx.account.id,
          { id: link, user: id, customer, permissions: nullIfNoneSet(permissions), group: group ?? null },
          ctx.now,
        ))
      )
        throw problem('alreadyLinked')
      await ctx.audit({
        event: 'customerLinked',
        subjectKind: 'portalUser',
        subjectId: id,
        details: { customer, ...(group && { group }) },
      })
      return { id: link }
    },

    async updatePortalLink(ctx, { user: id, link, permissions, group }) {
      const user = await lockPortalUser(ctx.db, ctx.account.id, id)
      ctx.allow(mayManageUser(ctx.actor, 'customize', user))
      if (group) await holdGroup(ctx.db, ctx.account.id, group)
      const change = {
        ...(permissions !== undefined && { permissions: nullIfNoneSet(permissions) }),
        ...(group !== undefined && { group }),
      }
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
      const deleted = await deleteLink(ctx.db, ctx.account.id, id, link)
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
