import { emailNorm, implement, type Context, type Read, type Write } from '../../platform/operation.ts'
import { isId } from '../../platform/ids.ts'
import { problem } from '../../platform/problem.ts'
import { bookableTemplates, isManager, type Actor, type AccountOf } from '../identity/rules.ts'
import { offerableTemplates } from '../portal/queries.ts'
import { lockLogin } from './activation/queries.ts'
import { portalUsers } from './contract.ts'
import { portalAccessEnded, sendActivation, sendEmailChange, sendNotice } from './messages.ts'
import { canOf, mayDo, mayInvite, maySeePortalUsers } from './policy.ts'
import {
  belongings,
  countUsers,
  customersKnownAs,
  deleteLink,
  endAccess,
  insertInvited,
  insertLink,
  knownCustomers,
  lastActivationAt,
  linksOf,
  listUsers,
  lockPortalUser,
  mailOf,
  portalUserByEmail,
  portalUserById,
  saveLink,
  saveUser,
  setRemoved,
  setStatus,
  type PortalUserRow,
  type PortalUser,
  type SortKey,
} from './queries.ts'
import {
  explained,
  ownOrNothing,
  RESEND_PAUSE,
  displayStatusOf,
  DISPLAY_STATUSES,
  statusesOf,
  type TemplatesMode,
} from './rules.ts'

export const portalUsersHandlers = implement('portal-users', portalUsers, {
  async listPortalUsers(ctx, { displayStatus, sort = 'name', cursor, limit, ...wanted }) {
    ctx.allow(maySeePortalUsers(ctx.actor))
    if (cursor && !isId(cursor)) throw problem('input', { fields: { cursor: 'format' } })
    const counts = await countUsers(ctx.db, ctx.account.id, wanted)
    const rows = await listUsers(ctx.db, ctx.account.id, {
      ...wanted,
      displayStatus,
      sort: sort.replace('-', '') as SortKey,
      descending: sort.startsWith('-'),
      after: cursor,
      limit: limit + 1,
    })
    const of = Object.fromEntries(
      DISPLAY_STATUSES.map((each) => [
        each,
        statusesOf(each).reduce((sum, status) => sum + (counts.get(status) ?? 0), 0),
      ]),
    ) as Record<(typeof DISPLAY_STATUSES)[number], number>
    return {
      rows: rows.slice(0, limit).map((row) => ({
        ...shown(ctx.actor, row, row.mail),
        customized: row.customized,
        customers: { count: row.customers, names: row.names ?? [] },
      })),
      next: rows.length > limit ? rows[limit - 1]!.id : null,
      counts: { ...of, all: of.active + of.notActivated + of.suspended },
      can: { invite: true, manage: isManager(ctx.actor.role) },
      portal: { enabled: ctx.account.portal.enabled, public: ctx.account.portal.public },
    }
  },

  async getPortalUser(ctx, { user: id }) {
    ctx.allow(maySeePortalUsers(ctx.actor))
    const user = await portalUserById(ctx.db, ctx.account.id, id)
    if (!user) throw problem('notFound')
    const { portal } = ctx.account
    return {
      ...shown(ctx.actor, user, await mailOf(ctx.db, ctx.account.id, id)),
      version: user.version,
      phone: user.phone,
      company: user.company,
      postalAddress: user.postal_address,
      pendingEmail: user.pending_email,
      activatedAt: user.activated_at,
      removedAt: user.removed_at,
      links: (await linksOf(ctx.db, ctx.account.id, id)).map((link) => ({
        id: link.id,
        customer: { id: link.customer_id, name: link.name },
        whole: link.scope === 'whole',
        since: link.created_at,
        customized: link.permissions !== null,
        permissions: explained(portal, user.permissions, link.permissions),
      })),
      permissions: { customized: user.permissions !== null, values: explained(portal, user.permissions) },
      templates: await templatesOf(ctx, user),
      suggestions: user.status === 'removed' ? [] : await customersKnownAs(ctx.db, ctx.account.id, user),
      removal: await belongings(ctx.db, ctx.account.id, id, ctx.now),
      portal: { enabled: portal.enabled },
    }
  },

  async addPortalUser(ctx, { email, customers = [], templatesMode = 'default', templates = [], permissions }) {
    const own = ownOrNothing(permissions)
    ctx.allow(mayInvite(ctx.actor, { beyondDefaults: templatesMode !== 'default' || own !== null }))
    if (!ctx.account.portal.enabled) throw problem('portalIsOff')
    const fields: Record<string, string> = {}
    const links = [...new Set(customers)]
    if ((await knownCustomers(ctx.db, ctx.account.id, links)).size < links.length) fields.customers = 'choice'
    const access = await templateAccess(ctx, templatesMode, templates, [])
    if (!access) fields.templates = 'choice'
    if (Object.keys(fields).length > 0) throw problem('input', { fields })
    const id = await insertInvited(
      ctx.db,
      ctx.account.id,
      { id: ctx.newId(), email, locale: ctx.account.locale, mode: templatesMode, templates: access!, permissions: own },
      ctx.now,
    )
    if (!id) throw await taken(ctx, email)
    for (const customer of links)
      await insertLink(ctx.db, ctx.account.id, { id: ctx.newId(), user: id, customer, permissions: null }, ctx.now)
    await activate(ctx, id)
    await ctx.audit({
      event: 'portalUserInvited',
      subjectKind: 'portalUser',
      subjectId: id,
      details: { email, customers: links },
    })
    return { id, email }
  },

  async resendPortalInvitation(ctx, { user: id }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    ctx.allow(mayDo(ctx.actor, 'resend', user))
    if (!ctx.account.portal.enabled) throw problem('portalIsOff')
    const last = await lastActivationAt(ctx.db, ctx.account.id, id)
    const wait = last ? Math.ceil(RESEND_PAUSE - (ctx.now.getTime() - last.getTime()) / 1000) : 0
    if (wait > 0) throw problem('resentTooSoon', { retryAfter: wait, vars: { seconds: wait } })
    await activate(ctx, id)
    await ctx.audit({ event: 'portalInvitationResent', subjectKind: 'portalUser', subjectId: id })
    return { email: user!.email }
  },

  async updatePortalUser(ctx, { user: id, version, email }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    ctx.allow(mayDo(ctx.actor, 'changeEmail', user))
    if (!ctx.account.portal.enabled) throw problem('portalIsOff')
    if (user!.version !== version) throw problem('editConflict')
    if (user!.email === email) throw problem('input', { fields: { email: 'sameAddress' } })
    const other = await portalUserByEmail(ctx.db, ctx.account.id, email)
    if (other && other.id !== id) throw await taken(ctx, email)
    const before = user!.email
    // Only another spelling of the same address proves nothing new: it is simply stored.
    const pending = user!.status === 'active' && emailNorm(email) !== user!.email_norm
    const next = await saveUser(
      ctx.db,
      ctx.account.id,
      id,
      version,
      pending ? {} : { email: { address: email, name: user!.name } },
      ctx.now,
    )
    const login = await lockLogin(ctx.db, ctx.account.id, id)
    if (pending) await sendEmailChange(ctx, login!, email)
    else if (user!.status !== 'active') await sendActivation(ctx, login!)
    await ctx.audit({
      event: 'portalUserEmailChanged',
      subjectKind: 'portalUser',
      subjectId: id,
      details: { from: before, to: email, pending },
    })
    return { version: next!, outcome: pending ? ('confirmationSent' as const) : ('invitedAnew' as const) }
  },

  async linkCustomer(ctx, { user: id, customer, permissions }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    ctx.allow(mayDo(ctx.actor, 'customize', user))
    if (!(await knownCustomers(ctx.db, ctx.account.id, [customer])).has(customer))
      throw problem('input', { fields: { customer: 'choice' } })
    const link = ctx.newId()
    if (
      !(await insertLink(
        ctx.db,
        ctx.account.id,
        { id: link, user: id, customer, permissions: ownOrNothing(permissions) },
        ctx.now,
      ))
    )
      throw problem('alreadyLinked')
    await ctx.audit({ event: 'customerLinked', subjectKind: 'portalUser', subjectId: id, details: { customer } })
    return { id: link }
  },

  async updatePortalLink(ctx, { user: id, link, permissions }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    ctx.allow(mayDo(ctx.actor, 'customize', user))
    const own = ownOrNothing(permissions)
    const changed = await saveLink(ctx.db, ctx.account.id, id, link, own, ctx.now)
    if (!changed) throw problem('notFound')
    await ctx.audit({
      event: 'linkPermissionsChanged',
      subjectKind: 'portalUser',
      subjectId: id,
      details: { customer: changed.customer_id, permissions: own },
    })
    return {}
  },

  async unlinkCustomer(ctx, { user: id, link }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    ctx.allow(mayDo(ctx.actor, 'customize', user))
    const gone = await deleteLink(ctx.db, ctx.account.id, id, link)
    if (!gone) throw problem('notFound')
    await ctx.audit({
      event: 'customerUnlinked',
      subjectKind: 'portalUser',
      subjectId: id,
      details: { customer: gone.customer_id },
    })
    return {}
  },

  async setTemplateAccess(ctx, { user: id, version, mode, templates }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    ctx.allow(mayDo(ctx.actor, 'customize', user))
    const own = await templateAccess(ctx, mode, templates, user!.templates)
    if (!own) throw problem('input', { fields: { templates: 'choice' } })
    const next = await saveUser(ctx.db, ctx.account.id, id, version, { mode, templates: own }, ctx.now)
    if (next === null) throw problem('editConflict')
    await ctx.audit({
      event: 'templateAccessChanged',
      subjectKind: 'portalUser',
      subjectId: id,
      details: { mode, templates: own },
    })
    return { version: next }
  },

  async customizePermissions(ctx, { user: id, version, permissions }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    ctx.allow(mayDo(ctx.actor, 'customize', user))
    const own = ownOrNothing(permissions)
    const next = await saveUser(ctx.db, ctx.account.id, id, version, { permissions: own }, ctx.now)
    if (next === null) throw problem('editConflict')
    await ctx.audit({
      event: 'permissionsCustomized',
      subjectKind: 'portalUser',
      subjectId: id,
      details: { permissions: own },
    })
    return { version: next }
  },

  async resetPermissions(ctx, { user: id }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    ctx.allow(mayDo(ctx.actor, 'customize', user))
    const next = await saveUser(ctx.db, ctx.account.id, id, null, { permissions: null }, ctx.now)
    await ctx.audit({ event: 'permissionsReset', subjectKind: 'portalUser', subjectId: id })
    return { version: next! }
  },

  async suspendPortalUser(ctx, { user: id }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    ctx.allow(mayDo(ctx.actor, 'suspend', user))
    if (user!.status === 'suspended') return { sessionsEnded: 0 }
    await setStatus(ctx.db, ctx.account.id, id, 'suspended', ctx.now)
    const sessionsEnded = await endAccess(ctx.db, ctx.account.id, id, ctx.now)
    await tell(ctx, user!)
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
    ctx.allow(mayDo(ctx.actor, 'reactivate', user))
    if (user!.status === 'active') return {}
    await setStatus(ctx.db, ctx.account.id, id, 'active', ctx.now)
    await ctx.audit({ event: 'portalUserReactivated', subjectKind: 'portalUser', subjectId: id })
    return {}
  },

  async removePortalUser(ctx, { user: id }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    const name = user?.name ?? user?.email ?? ''
    // Removed already is an answer, not a refusal (E-12); the right to remove is asked all the same.
    ctx.allow(mayDo(ctx.actor, 'remove', user?.status === 'removed' ? { status: 'active' } : user))
    if (user!.status === 'removed')
      return { outcome: 'alreadyRemoved' as const, name, ended: { sessions: 0, links: 0 } }
    const sessions = await endAccess(ctx.db, ctx.account.id, id, ctx.now)
    const links = await setRemoved(ctx.db, ctx.account.id, id, ctx.now)
    await tell(ctx, user!)
    await ctx.audit({
      event: 'portalUserRemoved',
      subjectKind: 'portalUser',
      subjectId: id,
      details: { name, email: user!.email, sessions, links },
    })
    return { outcome: 'removed' as const, name, ended: { sessions, links } }
  },
})

type Reading = { account: AccountOf; db: Read }
type Writing = Pick<Context, 'newId' | 'emit' | 'now'> & { account: AccountOf; db: Write }

function shown(
  actor: Actor,
  user: Pick<PortalUser, 'id' | 'email' | 'name' | 'status' | 'created_at' | 'last_sign_in_at'>,
  mail: PortalUserRow['mail'],
) {
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    status: user.status,
    displayStatus: displayStatusOf(user.status),
    createdAt: user.created_at,
    lastSignInAt: user.last_sign_in_at,
    mail: mailShown(mail),
    can: canOf(actor, user.status),
  }
}

/** Delivery in the four words of the list; a mail that was called back says nothing. */
function mailShown(mail: PortalUserRow['mail']) {
  if (!mail || mail.status === 'canceled') return null
  const again = mail.attempts > 0 && mail.status !== 'sent' && mail.status !== 'failed'
  return {
    id: mail.id,
    status:
      mail.status === 'sent'
        ? ('delivered' as const)
        : mail.status === 'failed'
          ? ('refused' as const)
          : again
            ? ('retrying' as const)
            : ('waiting' as const),
    at: new Date(mail.sent_at ?? mail.created_at),
    next: again ? new Date(mail.next_at) : null,
    result: mail.status === 'failed' || again ? mail.last_result : null,
  }
}

async function templatesOf(ctx: Reading, user: PortalUser) {
  const { portal } = ctx.account
  const bookable = bookableTemplates(portal.templates, user.templates_mode, user.templates)
  const choices = await offerableTemplates(ctx.db, ctx.account.id, [...portal.templates, ...user.templates])
  return {
    mode: user.templates_mode,
    own: user.templates,
    hidesJobs: portal.hideJobsOfOtherTemplates,
    choices: choices.map(({ id, name, status }) => ({
      id,
      name,
      archived: status === 'archived',
      isDefault: portal.templates.includes(id),
      bookable: status === 'active' && bookable.includes(id),
    })),
  }
}

/** The list to store, or null when one of them is not this account's to give. Following the defaults needs none. */
async function templateAccess(
  ctx: Reading,
  mode: TemplatesMode,
  templates: readonly string[],
  had: readonly string[],
): Promise<string[] | null> {
  if (mode === 'default') return []
  const known = new Set(
    (await offerableTemplates(ctx.db, ctx.account.id, [...had, ...ctx.account.portal.templates])).map(({ id }) => id),
  )
  return templates.every((template) => known.has(template)) ? [...new Set(templates)] : null
}

async function activate(ctx: Writing, user: string): Promise<void> {
  await sendActivation(ctx, (await lockLogin(ctx.db, ctx.account.id, user))!)
}

/** Only staff are told that an address is taken, and by whom: the page links there. */
async function taken(ctx: Reading, email: string) {
  const there = await portalUserByEmail(ctx.db, ctx.account.id, email)
  return problem('alreadyPortalUser', {
    vars: { email, user: there?.id ?? '' },
    fields: { email: 'alreadyPortalUser' },
  })
}

/** Off unless the business wants it: silence is the default when access ends (1J). */
async function tell(ctx: Writing, user: PortalUser): Promise<void> {
  if (ctx.account.portal.mailOnRemoval) await sendNotice(ctx, user, portalAccessEnded, {})
}
