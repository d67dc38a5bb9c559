import { emailNorm } from '../../platform/email-address.ts'
import { implement, type Context, type Read, type Write } from '../../platform/operation.ts'
import { isId } from '../../platform/ids.ts'
import { pageOf, readPlace } from '../../platform/paging.ts'
import { problem } from '../../platform/problem.ts'
import { isManager, type Actor, type AccountContext } from '../identity/rules.ts'
import { selectBookableTemplates } from '../identity/templates/rules.ts'
import { listOfferableTemplates } from '../portal/queries.ts'
import { lockLogin, lockLoginByEmail, replaceSignUp } from './activation/queries.ts'
import { portalAccessHandlers, resolveTemplateAccess } from './access/handlers.ts'
import { createBulkHandlers } from './bulk/handlers.ts'
import { portalUsers } from './contract.ts'
import { findBuiltInGroup, holdGroup } from './groups/queries.ts'
import { explainLink, explainUser, findCommonGroup, presentGroup } from './groups/rules.ts'
import { portalLinksHandlers } from './links/handlers.ts'
import { sendActivation, sendEmailChange } from './messages.ts'
import { allowedActions, mayManageUser, mayInvite, maySeePortalUsers } from './policy.ts'
import { countRemovalEffects } from './access/queries.ts'
import { countUsers, listUsers, findInvitationMail, type PortalUserRow, type SortKey } from './list/queries.ts'
import { suggestCustomers, insertLink, holdContact, findExistingCustomers, listLinks } from './links/queries.ts'
import {
  insertInvitedUser,
  setInvitedName,
  findLastActivationTime,
  lockPortalUser,
  findPortalUserByEmail,
  findPortalUser,
  updateUser,
  type PortalUser,
  alreadyPortalUser,
} from './queries.ts'
import { nullIfNoneSet, secondsUntilResend, displayStatusOf, DISPLAY_STATUSES, type DisplayStatus } from './rules.ts'
import { presentDelivery } from './list/rules.ts'

const { listPortalUsers, getPortalUser, addPortalUser, resendPortalInvitation, updatePortalUser } = portalUsers
const userOperations = { listPortalUsers, getPortalUser, addPortalUser, resendPortalInvitation, updatePortalUser }

const userHandlers = implement('portal-users', userOperations, {
  async listPortalUsers(ctx, { displayStatus, sort = 'name', cursor, limit, ...filter }) {
    ctx.allow(maySeePortalUsers(ctx.actor))
    const place = readPlace(cursor)
    if (place.cursor && !isId(place.cursor)) throw problem('input', { fields: { cursor: 'format' } })
    const counts = await countUsers(ctx.db, ctx.account.id, filter)
    const read = await listUsers(ctx.db, ctx.account.id, {
      ...filter,
      displayStatus,
      sort: sort.replace('-', '') as SortKey,
      descending: sort.startsWith('-') !== place.backward,
      after: place.cursor,
      limit: limit + 1,
    })
    const { rows, ...cursors } = pageOf(read, limit, place, (row) => row.id)
    const byDisplayStatus = Object.fromEntries(
      DISPLAY_STATUSES.map((status) => [status, counts.get(status) ?? 0]),
    ) as Record<(typeof DISPLAY_STATUSES)[number], number>
    const { active, notActivated, suspended, disabled } = byDisplayStatus
    return {
      rows: rows.map((row) => ({
        ...presentUser(ctx.actor, row, row.display_status, row.mail),
        customized: row.customized,
        customers: { count: row.customers, names: row.names ?? [] },
      })),
      ...cursors,
      counts: { ...byDisplayStatus, all: active + notActivated + suspended + disabled },
      can: { invite: true, manage: isManager(ctx.actor.role) },
      portal: { enabled: ctx.account.portal.enabled, public: ctx.account.portal.public },
    }
  },

  async getPortalUser(ctx, { user: id }) {
    ctx.allow(maySeePortalUsers(ctx.actor))
    const user = await findPortalUser(ctx.db, ctx.account.id, id)
    if (!user) throw problem('notFound')
    const { portal } = ctx.account
    const links = await listLinks(ctx.db, ctx.account.id, id)
    const groups = links.map(({ group }) => group)
    const commonGroup =
      links.length > 0 ? findCommonGroup(groups) : await findBuiltInGroup(ctx.db, ctx.account.id, 'full')
    const displayStatus = displayStatusOf(user.status, groups.length > 0 && groups.every(({ kind }) => kind === 'none'))
    return {
      ...presentUser(ctx.actor, user, displayStatus, await findInvitationMail(ctx.db, ctx.account.id, id)),
      version: user.version,
      phone: user.phone,
      company: user.company,
      postalAddress: user.postal_address,
      pendingEmail: user.pending_email,
      activatedAt: user.activated_at,
      removedAt: user.removed_at,
      links: links.map((link) => ({
        id: link.id,
        customer: { id: link.customer_id, name: link.name },
        whole: link.scope === 'whole',
        contact: link.contact,
        since: link.created_at,
        group: presentGroup(link.group),
        ownGroup: link.group_id !== null,
        customized: link.permissions !== null,
        permissions: explainLink(portal, user.permissions, link),
      })),
      permissions: {
        customized: user.permissions !== null,
        group: commonGroup && presentGroup(commonGroup),
        values: explainUser(portal, user.permissions, groups),
      },
      templates: await loadTemplateAccess(ctx, user),
      suggestions: user.status === 'removed' ? [] : await suggestCustomers(ctx.db, ctx.account.id, user),
      removal: await countRemovalEffects(ctx.db, ctx.account.id, id, ctx.now),
      portal: { enabled: portal.enabled, public: portal.public },
    }
  },

  async addPortalUser(
    ctx,
    { email, contact, scope, customers = [], group, templatesMode = 'default', templates = [], ...input },
  ) {
    const ownPermissions = nullIfNoneSet(input.permissions)
    const isCustomized = templatesMode !== 'default' || ownPermissions !== null || group !== undefined
    ctx.allow(mayInvite(ctx.actor, { beyondDefaults: isCustomized }))
    if (!ctx.account.portal.enabled) throw problem('portalIsOff')
    const fields: Record<string, string> = {}
    const links = [...new Set(customers)]
    if ((await findExistingCustomers(ctx.db, ctx.account.id, links)).size < links.length) fields.customers = 'choice'
    const access = await resolveTemplateAccess(ctx, templatesMode, templates, [])
    if (!access) fields.templates = 'choice'
    const person = contact ? await holdContact(ctx.db, ctx.account.id, contact) : undefined
    if (contact && !links.includes(person?.customer ?? '')) fields.contact = 'choice'
    // Whoever is confined to a contact is not invited for other customers as a whole at the same time.
    if (scope === 'contact' && (!contact || links.length > 1)) fields.contact = 'choice'
    if (Object.keys(fields).length > 0) throw problem('input', { fields })
    const invited = {
      email,
      name: person?.name ?? null,
      locale: ctx.account.locale,
      mode: templatesMode,
      templates: access!,
      permissions: ownPermissions,
    }
    const id =
      (await insertInvitedUser(ctx.db, ctx.account.id, { ...invited, id: ctx.newId() }, ctx.now)) ??
      (await inviteSignedUp(ctx, invited))
    if (!id) throw await emailTakenProblem(ctx, email)
    if (group) await holdGroup(ctx.db, ctx.account.id, group)
    for (const customer of links) {
      const who = customer === person?.customer ? { scope, contact } : {}
      const link = { id: ctx.newId(), user: id, customer, permissions: null, group: group ?? null, ...who }
      await insertLink(ctx.db, ctx.account.id, link, ctx.now)
    }
    await sendActivationLink(ctx, id)
    await ctx.audit({
      event: 'portalUserInvited',
      subjectKind: 'portalUser',
      subjectId: id,
      details: {
        email,
        customers: links,
        ...(group && { group }),
        ...(scope && { scope }),
        ...(contact && { contact }),
      },
    })
    return { id, email }
  },

  async resendPortalInvitation(ctx, { user: id }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    ctx.allow(mayManageUser(ctx.actor, 'resend', user))
    if (!ctx.account.portal.enabled) throw problem('portalIsOff')
    const last = await findLastActivationTime(ctx.db, ctx.account.id, id)
    const wait = secondsUntilResend(last, ctx.now)
    if (wait > 0) throw problem('resentTooSoon', { retryAfter: wait, vars: { seconds: wait } })
    await sendActivationLink(ctx, id)
    await ctx.audit({ event: 'portalInvitationResent', subjectKind: 'portalUser', subjectId: id })
    return { email: user!.email }
  },

  async updatePortalUser(ctx, { user: id, version, email }) {
    const user = await lockPortalUser(ctx.db, ctx.account.id, id)
    ctx.allow(mayManageUser(ctx.actor, 'changeEmail', user))
    if (!ctx.account.portal.enabled) throw problem('portalIsOff')
    if (user!.version !== version) throw problem('editConflict')
    if (user!.email === email) throw problem('input', { fields: { email: 'sameAddress' } })
    const other = await findPortalUserByEmail(ctx.db, ctx.account.id, email)
    if (other && other.id !== id) throw await emailTakenProblem(ctx, email)
    const before = user!.email
    // Another spelling of the same address needs no confirmation.
    const needsConfirmation = user!.status === 'active' && emailNorm(email) !== user!.email_norm
    const next = await updateUser(
      ctx.db,
      ctx.account.id,
      id,
      version,
      needsConfirmation ? {} : { email: { address: email, name: user!.name } },
      ctx.now,
    )
    // Whoever signed up typed a password for the old address: the new mailbox's owner chooses one.
    await replaceSignUp(ctx.db, ctx.account.id, { id, email }, null, { now: ctx.now })
    const login = await lockLogin(ctx.db, ctx.account.id, id)
    if (needsConfirmation) await sendEmailChange(ctx, login!, email)
    else if (user!.status !== 'active') await sendActivation(ctx, login!)
    await ctx.audit({
      event: 'portalUserEmailChanged',
      subjectKind: 'portalUser',
      subjectId: id,
      details: { from: before, to: email, pending: needsConfirmation },
    })
    return { version: next!, outcome: needsConfirmation ? ('confirmationSent' as const) : ('invitedAnew' as const) }
  },
})

const singleHandlers = [...userHandlers, ...portalLinksHandlers, ...portalAccessHandlers]
export const portalUsersHandlers = [...singleHandlers, ...createBulkHandlers(singleHandlers)]

type ReadContext = { account: AccountContext; db: Read }
type WriteContext = Pick<Context, 'newId' | 'emit' | 'now'> & { account: AccountContext; db: Write }

function presentUser(
  actor: Actor,
  user: Pick<PortalUser, 'id' | 'email' | 'name' | 'status' | 'created_at' | 'last_sign_in_at'>,
  displayStatus: DisplayStatus,
  mail: PortalUserRow['mail'],
) {
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    status: user.status,
    displayStatus,
    createdAt: user.created_at,
    lastSignInAt: user.last_sign_in_at,
    mail: presentDelivery(mail),
    can: allowedActions(actor, user.status, displayStatus === 'disabled'),
  }
}

async function loadTemplateAccess(ctx: ReadContext, user: PortalUser) {
  const { portal } = ctx.account
  const bookable = selectBookableTemplates(portal.templates, user.templates_mode, user.templates)
  const choices = await listOfferableTemplates(ctx.db, ctx.account.id, [...portal.templates, ...user.templates])
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

/** The invitation takes over from a sign-up that was never confirmed, and nothing typed then stays. */
async function inviteSignedUp(
  ctx: WriteContext,
  invited: Omit<Parameters<typeof insertInvitedUser>[2], 'id'>,
): Promise<string | null> {
  const user = await lockLoginByEmail(ctx.db, ctx.account.id, emailNorm(invited.email))
  if (user?.status !== 'signed_up') return null
  const change = {
    mode: invited.mode,
    templates: invited.templates,
    permissions: invited.permissions,
    email: { address: invited.email, name: invited.name },
  }
  await updateUser(ctx.db, ctx.account.id, user.id, null, change, ctx.now)
  const forgotten = { id: user.id, email: invited.email }
  await replaceSignUp(ctx.db, ctx.account.id, forgotten, null, { status: 'invited', now: ctx.now })
  await setInvitedName(ctx.db, ctx.account.id, user.id, invited)
  return user.id
}

async function sendActivationLink(ctx: WriteContext, user: string): Promise<void> {
  await sendActivation(ctx, (await lockLogin(ctx.db, ctx.account.id, user))!)
}

/** Against account enumeration only staff learn that an address has a user; the page links to it. */
async function emailTakenProblem(ctx: ReadContext, email: string) {
  const existing = await findPortalUserByEmail(ctx.db, ctx.account.id, email)
  return alreadyPortalUser(email, existing?.id)
}
