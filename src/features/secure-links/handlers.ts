/** Opening, requesting and managing secure links. */
import { emailNorm } from '../../platform/email-address.ts'
import { implement, withEffect, type Context } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import { hashToken, newToken } from '../../platform/secrets.ts'
import { endSessionOf } from '../identity/portal/queries.ts'
import { consumeMailLimit } from '../portal-users/activation/queries.ts'
import { secureLinks } from './contract.ts'
import { secureLink } from './messages.ts'
import { mayUseLinks, portalIsOpen } from './policy.ts'
import {
  findContactOf,
  findRecordPeople,
  findLock,
  findSecureLink,
  listLinks,
  makeLink,
  requestLinks,
  revokeLink,
  setLockMode,
  startLinkSession,
  type FoundLink,
  type LinkRow,
  type SpareToken,
} from './queries.ts'
import type { LinkedRecord } from '../identity/rules.ts'
import { isCovered, linkState, MAX_REQUESTED, type TokenStatus } from './rules.ts'

/** Who came by a link has no password to come back with, and enters by the link again after a day. */
const SESSION_MS = 24 * 3600_000

type Opening = Context<typeof secureLinks.openSecureLink>

export const secureLinksHandlers = implement('secure-links', secureLinks, {
  async getSecureLink(ctx, { token }) {
    ctx.allow(portalIsOpen(ctx.account))
    const link = await findSecureLink(ctx.db, hashToken(token), ctx.now)
    if (!link) ctx.countFailure()
    const status = link?.status ?? ('unknown' as const)
    return {
      status,
      session: sessionBeside(ctx.actor, link),
      record: link?.record ?? null,
      email: status === 'password' ? link!.email : null,
    }
  },

  async openSecureLink(ctx, { token, leave }) {
    ctx.allow(portalIsOpen(ctx.account))
    const link = await findSecureLink(ctx.db, hashToken(token), ctx.now)
    const status = link?.status ?? 'unknown'
    if (status !== 'open' && status !== 'password') throw problem(REFUSALS[status])
    const session = sessionBeside(ctx.actor, link)
    if (session === 'same') return { outcome: 'stayed' as const, record: link!.record }
    if (session === 'user' && !leave) throw problem('signedInElsewhere')
    return enter(ctx, token)
  },

  async requestSecureLink(ctx, input) {
    ctx.allow(portalIsOpen(ctx.account))
    const norm = emailNorm(input.email)
    const mayMail = await consumeMailLimit(ctx.db, ctx.account.id, norm, ctx.now)
    // Tokens are made for every address, so that the time of the answer does not tell which are on file (PS-46).
    const spare = Array.from({ length: MAX_REQUESTED }, () => spareToken(ctx))
    const links = await requestLinks(ctx.db, norm, spare, ctx.now)
    for (const { id, sealed, email, name, customerName, until } of mayMail ? links : []) {
      const token = ctx.sealer.open(sealed, id)
      // Sealed with a secret that the installation does not have any more.
      if (token === null) continue
      const vars = { token, until, customer: customerName, ...(ctx.usesMainHost && { host: 'main' }) }
      const to = { address: email, name }
      await ctx.emit({ message: secureLink, to, subject: { kind: 'secureLink', id }, locale: ctx.account.locale, vars })
    }
    return {}
  },

  async listSecureLinks(ctx, { customer }) {
    ctx.allow(mayUseLinks(ctx.actor))
    const lock = await findLock(ctx.db, ctx.account.id, customer)
    if (!lock) throw problem('notFound')
    const { portal } = ctx.account
    const { name, since } = lock.users.find(({ isActivated }) => lock.countUnclaimed || isActivated) ?? {}
    const rows = await listLinks(ctx.db, ctx.account.id, customer, ctx.now)
    return {
      state: linkState({ ...lock, portalEnabled: portal.enabled }, 'whole'),
      recordState: linkState({ ...lock, portalEnabled: portal.enabled }, 'record'),
      login: name && since ? { name, since: new Date(since) } : null,
      lockMode: lock.ownLockMode,
      defaultLockMode: portal.lockMode,
      linkDays: portal.linkDays,
      rows: rows.map((row) => presentLink(ctx, row)),
    }
  },

  async createSecureLink(ctx, { customer, contact = null, record = null, days = null, replace }) {
    ctx.allow(mayUseLinks(ctx.actor))
    await checkCustomer(ctx, customer)
    await checkRecipient(ctx, customer, contact, record)
    const scope = record ? 'record' : contact ? 'contact' : 'whole'
    const link = { customer, scope, contact, record, days, replaces: replace, at: ctx.now } as const
    const made = await makeLink(ctx.db, { ...spareToken(ctx), ...link })
    if (!made) throw problem('notFound')
    if (made.isNew) {
      const details = { link: made.id, contact, replaced: replace, ...(record && { record: record.id }) }
      await ctx.audit({ event: 'secureLinkCreated', subjectKind: 'customer', subjectId: customer, details })
    }
    return { id: made.id }
  },

  async revokeSecureLink(ctx, { customer, secureLink: link }) {
    ctx.allow(mayUseLinks(ctx.actor))
    const rows = await listLinks(ctx.db, ctx.account.id, customer, ctx.now)
    if (!rows.some(({ id }) => id === link) || !(await revokeLink(ctx.db, link, ctx.now))) throw problem('notFound')
    await ctx.audit({ event: 'secureLinkRevoked', subjectKind: 'customer', subjectId: customer, details: { link } })
    return {}
  },

  async updateLinkLock(ctx, { customer, lockMode }) {
    ctx.allow(mayUseLinks(ctx.actor))
    const before = await checkCustomer(ctx, customer)
    await setLockMode(ctx.db, ctx.account.id, customer, lockMode)
    const details = { from: before.ownLockMode, to: lockMode, wasHeld: before.isHeld }
    await ctx.audit({ event: 'linkLockChanged', subjectKind: 'customer', subjectId: customer, details })
    return {}
  },
})

const REFUSALS: Record<Exclude<TokenStatus, 'open' | 'password'>, string> = {
  closed: 'linkClosed',
  expired: 'linkExpired',
  replaced: 'linkReplaced',
  revoked: 'linkRevoked',
  unknown: 'linkInvalid',
}

/**
 * How the session of this browser relates to a link (truth table 3). A link never widens it: who acts for the customer already
 * stays who they are, and so does whoever came by this very link.
 */
function sessionBeside(actor: Opening['actor'], link: FoundLink | null): 'none' | 'same' | 'visitor' | 'user' {
  if (actor.kind === 'anonymous') return 'none'
  if (actor.kind === 'linkVisitor') {
    const [own] = actor.links
    const isSame = link !== null && (actor.id === link.id || (own !== undefined && isCovered(own, link)))
    return isSame ? 'same' : 'visitor'
  }
  return actor.links.some(({ customer }) => customer === link?.customer) ? 'same' : 'user'
}

/** The old session ends before the new one begins, so that no browser carries two customers (RS-19). */
async function enter(ctx: Opening, token: string) {
  const hadSession = ctx.actor.kind !== 'anonymous'
  if (hadSession) await endSessionOf(ctx.db, ctx.account.id, ctx.actor)
  const session = newToken()
  const ends = new Date(ctx.now.getTime() + SESSION_MS)
  const { userAgent, clientAddress, now: at } = ctx
  const started = { hash: session.hash, id: ctx.newId(), at, ends, userAgent, clientAddress }
  const opened = await startLinkSession(ctx.db, hashToken(token), started)
  if (opened?.status !== 'open') {
    const output = { outcome: 'password' as const, record: opened?.record ?? null }
    return hadSession ? withEffect(output, { session: 'end', audience: 'portal' }) : output
  }
  await ctx.audit({
    event: 'secureLinkOpened',
    subjectKind: 'customer',
    subjectId: opened.customer,
    details: { link: opened.id, contact: opened.contact },
  })
  return withEffect(
    { outcome: 'opened' as const, record: opened.record },
    { session: 'start', audience: 'portal', token: session.token, ends },
  )
}

/** The token is bound to the id of its row: moved to another row, it does not open. */
function spareToken(ctx: Pick<Context, 'newId' | 'sealer'>): SpareToken {
  const id = ctx.newId()
  const { token, hash } = newToken()
  return { id, hash: hash.toString('hex'), sealed: ctx.sealer.seal(token, id) }
}

const presentLink = (ctx: Pick<Context, 'sealer' | 'urls'>, row: LinkRow) => {
  const token = ctx.sealer.open(row.sealed, row.id)
  return {
    id: row.id,
    contact: row.contact,
    scope: row.scope,
    record: row.record,
    url: token === null ? null : ctx.urls.portal(`/link/${token}`),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  }
}

/** The recipient is a contact of the customer. A link to one record goes to who sees it, or to whoever staff give it to. */
async function checkRecipient(
  { db, account }: Pick<Context, 'account'> & { db: Parameters<typeof findLock>[0] },
  customer: string,
  contact: string | null,
  record: LinkedRecord | null,
) {
  const found = contact ? await findContactOf(db, account.id, customer, contact) : null
  const people = record ? await findRecordPeople(db, account.id, customer, record) : null
  const mayHave = !contact || (found && (!people || found.is_primary || people.includes(contact)))
  const fields = { ...(!mayHave && { contact: 'choice' }), ...(people === undefined && { record: 'choice' }) }
  if (Object.keys(fields).length > 0) throw problem('input', { fields })
}

async function checkCustomer(ctx: Pick<Context, 'account'> & { db: Parameters<typeof findLock>[0] }, customer: string) {
  const lock = await findLock(ctx.db, ctx.account.id, customer)
  if (!lock) throw problem('notFound')
  if (lock.isArchived) throw problem('customerArchived')
  return lock
}
