/** What a portal user may do: templates, permissions, suspension and removal. */
import { implement, type Context, type Read, type Write } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import type { AccountContext } from '../../identity/rules.ts'
import { blockSignUp, listOfferableTemplates } from '../../portal/queries.ts'
import { listLinkTimes } from '../activation/tokens/queries.ts'
import { portalUsers } from '../contract.ts'
import { portalAccessEnded, sendNotice, sendPasswordReset } from '../messages.ts'
import { mayManageUser } from '../policy.ts'
import { isDisabled } from '../groups/queries.ts'
import { hasLinkWithoutContact } from '../links/queries.ts'
import { lockPortalUser, updateUser, type PortalUser } from '../queries.ts'
import { nullIfNoneSet, secondsUntilResend, type TemplatesMode } from '../rules.ts'
import { endAccess, markRemoved, setUserStatus, suspendUser } from './queries.ts'

const {
  sendPortalPasswordReset,
  setTemplateAccess,
  customizePermissions,
  resetPermissions,
  suspendPortalUser,
  reactivatePortalUser,
  removePortalUser,
} = portalUsers
const accessOperations = {
  sendPortalPasswordReset,
  setTemplateAccess,
  customizePermissions,
  resetPermissions,
  suspendPortalUser,
  reactivatePortalUser,
  removePortalUser,
}

export const portalAccessHandlers = implement('portal-users', accessOperations, {
  async sendPortalPasswordReset(ctx, { user: id }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    const hasNoAccess = await isDisabled(ctx.db, ctx.account.id, id)
    ctx.allow(mayManageUser(ctx.actor, 'resetPassword', user && { ...user, hasNoAccess }))
    if (!ctx.account.portal.enabled) throw problem('portalIsOff')
    const [last] = await listLinkTimes(ctx.db, ctx.account.id, 'portalReset', id)
    const wait = secondsUntilResend(last, ctx.now)
    if (wait > 0) throw problem('resentTooSoon', { retryAfter: wait, vars: { seconds: wait } })
    await sendPasswordReset(ctx, user!)
    await ctx.audit({ event: 'portalPasswordResetSent', subjectKind: 'portalUser', subjectId: id })
    return { email: user!.email }
  },

  async setTemplateAccess(ctx, { user: id, version, mode, templates }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    ctx.allow(mayManageUser(ctx.actor, 'customize', user))
    const storedTemplates = await resolveTemplateAccess(ctx, mode, templates, user!.templates)
    if (!storedTemplates) throw problem('input', { fields: { templates: 'choice' } })
    const next = await updateUser(ctx.db, ctx.account.id, id, version, { mode, templates: storedTemplates }, ctx.now)
    if (next === null) throw problem('editConflict')
    await ctx.audit({
      event: 'templateAccessChanged',
      subjectKind: 'portalUser',
      subjectId: id,
      details: { mode, templates: storedTemplates },
    })
    return { version: next }
  },

  async customizePermissions(ctx, { user: id, version, permissions }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    ctx.allow(mayManageUser(ctx.actor, 'customize', user))
    const ownPermissions = nullIfNoneSet(permissions)
    const next = await updateUser(ctx.db, ctx.account.id, id, version, { permissions: ownPermissions }, ctx.now)
    if (next === null) throw problem('editConflict')
    await ctx.audit({
      event: 'permissionsCustomized',
      subjectKind: 'portalUser',
      subjectId: id,
      details: { permissions: ownPermissions },
    })
    return { version: next }
  },

  async resetPermissions(ctx, { user: id }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    ctx.allow(mayManageUser(ctx.actor, 'customize', user))
    const next = await updateUser(ctx.db, ctx.account.id, id, null, { permissions: null }, ctx.now)
    await ctx.audit({ event: 'permissionsReset', subjectKind: 'portalUser', subjectId: id })
    return { version: next! }
  },

  async suspendPortalUser(ctx, { user: id }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    ctx.allow(mayManageUser(ctx.actor, 'suspend', user))
    if (user!.status === 'suspended') return { sessionsEnded: 0 }
    const sessionsEnded = await suspendUser(ctx.db, ctx.account.id, id, ctx.now)
    await notifyAccessEnded(ctx, user!)
    await ctx.audit({
      event: 'portalUserSuspended',
      subjectKind: 'portalUser',
      subjectId: id,
      details: { sessionsEnded },
    })
    return { sessionsEnded }
  },

  async reactivatePortalUser(ctx, { user: id }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    ctx.allow(mayManageUser(ctx.actor, 'reactivate', user))
    if (user!.status === 'active') return {}
    if (await hasLinkWithoutContact(ctx.db, ctx.account.id, id)) throw problem('contactGone')
    // Whoever was suspended before they activated their account still has to.
    await setUserStatus(ctx.db, ctx.account.id, id, user!.activated_at ? 'active' : 'invited', ctx.now)
    await ctx.audit({ event: 'portalUserReactivated', subjectKind: 'portalUser', subjectId: id })
    return {}
  },

  async removePortalUser(ctx, { user: id, signUp }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    const name = user?.name ?? user?.email ?? ''
    // Removing twice is no error (E-12), but needs the right to remove.
    ctx.allow(mayManageUser(ctx.actor, 'remove', user?.status === 'removed' ? { status: 'active' } : user))
    if (user!.status === 'removed')
      return { outcome: 'alreadyRemoved' as const, name, ended: { sessions: 0, links: 0 } }
    const sessions = await endAccess(ctx.db, ctx.account.id, id, ctx.now)
    const links = await markRemoved(ctx.db, ctx.account.id, id, ctx.now)
    if (signUp === 'block') await blockSignUp(ctx.db, ctx.account.id, user!.email_norm, ctx.now)
    await notifyAccessEnded(ctx, user!)
    await ctx.audit({
      event: 'portalUserRemoved',
      subjectKind: 'portalUser',
      subjectId: id,
      details: { name, email: user!.email, sessions, links, signUp },
    })
    return { outcome: 'removed' as const, name, ended: { sessions, links } }
  },
})

/** The list to store; null when one of the templates may not be given by this account. Empty for the defaults. */
export async function resolveTemplateAccess(
  ctx: { account: AccountContext; db: Read },
  mode: TemplatesMode,
  templates: readonly string[],
  current: readonly string[],
): Promise<string[] | null> {
  if (mode === 'default') return []
  const offerable = new Set(
    (await listOfferableTemplates(ctx.db, ctx.account.id, [...current, ...ctx.account.portal.templates])).map(
      ({ id }) => id,
    ),
  )
  return templates.every((template) => offerable.has(template)) ? [...new Set(templates)] : null
}

/** Off by default: the business chooses whether ended access is announced (1J). */
async function notifyAccessEnded(
  ctx: Pick<Context, 'newId' | 'emit' | 'now'> & { account: AccountContext; db: Write },
  user: PortalUser,
): Promise<void> {
  if (ctx.account.portal.mailOnRemoval) await sendNotice(ctx, user, portalAccessEnded, {})
}
