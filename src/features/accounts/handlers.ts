import type { Clock } from '../../platform/clock.ts'
import type { RunQuery } from '../../platform/caller.ts'
import { FileMissing } from '../../platform/files.ts'
import { constraintOf } from '../../platform/database/errors.ts'
import { newId } from '../../platform/ids.ts'
import { emailNorm } from '../../platform/email-address.ts'
import { implement, prepared, withEffect, type Context, type Input, type Urls } from '../../platform/operation.ts'
import { problem, yes } from '../../platform/problem.ts'
import { checkNewPassword, hashPassword, hashToken, newToken } from '../../platform/secrets.ts'
import { rememberBrowser } from '../identity/guessing/queries.ts'
import { mayManage, mayRunOffice } from '../identity/policy.ts'
import { listPersonAccounts, startPersonSession } from '../identity/queries.ts'
import type { AccountContext } from '../identity/rules.ts'
import { SET_UP_MS, STAFF_SESSION_MS } from '../identity/people/rules.ts'
import { findOrCreatePerson, offerSetUpToken } from '../identity/people/queries.ts'
import { countFailedMessages } from '../messages/queries.ts'
import { accounts } from './contract.ts'
import { mayChangeAccount, maySeeOffice } from './policy.ts'
import { countHomeJobs, findFirstSteps, listNextVisits, listWaitingRequests, type HomeJob } from './home/queries.ts'
import { getSettings, replaceLogo, updateSettings, type SettingsRow } from './queries.ts'
import {
  consumeSetUpToken,
  findAccountBySlug,
  findSetUpToken,
  isInstallationEmpty,
  lockInstallation,
  openAccount,
  peekSetUpToken,
  type SetUpToken,
} from './set-up/queries.ts'
import { dayBounds, RESERVED_SLUGS } from './rules.ts'

/** The address changes with the logo, so that browsers do not show a cached one. */
const logoUrl = (account: { slug: string }, key: string | null) =>
  key === null ? null : `/api/v1/office/${account.slug}/logo?v=${key.slice(-8)}`

const presentSettings = (account: AccountContext, row: SettingsRow) => ({
  name: row.name,
  slug: account.slug,
  timeZone: row.time_zone,
  locale: row.locale,
  currency: row.currency,
  accent: row.accent,
  logo: logoUrl(account, row.logo_key),
  supportEmail: row.support_email,
  supportPhone: row.support_phone,
  postalAddress: row.postal_address,
  workingHours: { days: row.working_days, from: row.work_starts, to: row.work_ends },
  version: row.version,
})

const presentJob = ({ requested_at, requested_any_time, scheduled_at, created_at, customer, ...job }: HomeJob) => ({
  ...job,
  customer: customer ?? '',
  requestedAt: requested_at,
  ...(requested_any_time && { requestedAnyTime: true }),
  scheduledAt: scheduled_at,
  createdAt: created_at,
})

/** Once there is an account, every set-up link counts as used. */
function setUpStatus(token: SetUpToken | undefined, now: Date): 'unknown' | 'used' | 'expired' | 'open' {
  if (!token) return 'unknown'
  if (token.used_at || !token.empty) return 'used'
  return token.expires_at <= now ? 'expired' : 'open'
}

const AUDITED_SETTINGS = [
  'name',
  'time_zone',
  'locale',
  'currency',
  'accent',
  'support_email',
  'support_phone',
  'postal_address',
  'working_days',
  'work_starts',
  'work_ends',
] as const

const textOf = (value: string | number[] | null) => (Array.isArray(value) ? value.join() : value)

/** The settings that changed, each with its old and new value. */
const findChanges = (before: SettingsRow, after: SettingsRow) =>
  Object.fromEntries(
    AUDITED_SETTINGS.filter((key) => String(before[key]) !== String(after[key])).map((key) => [
      key,
      { from: textOf(before[key]), to: textOf(after[key]) },
    ]),
  )

export const accountsHandlers = implement('accounts', accounts, {
  async getOffice(ctx) {
    ctx.allow(maySeeOffice(ctx.actor))
    const { slug, name, accent, timeZone, locale, currency, logoKey, portal } = ctx.account
    const memberships = await listPersonAccounts(ctx.db, ctx.actor.personId)
    return {
      slug,
      name,
      accent,
      timeZone,
      locale,
      currency,
      logo: logoUrl(ctx.account, logoKey),
      ...{ portal: portal.enabled ? ctx.urls.portal('/') : null, tickets: portal.switches.viewTickets },
      me: { id: ctx.actor.id, name: ctx.actor.name, role: ctx.actor.role },
      accounts: memberships.map((each) => ({ slug: each.slug, name: each.name, role: each.role })),
      can: { runOffice: mayRunOffice(ctx.actor).yes, manage: mayManage(ctx.actor).yes },
    }
  },

  async getOfficeHome(ctx) {
    ctx.allow(maySeeOffice(ctx.actor))
    const today = dayBounds(ctx.now, ctx.account.timeZone)
    const { unread, ...counts } = await countHomeJobs(ctx.db, ctx.account.id, today)
    const next = await listNextVisits(ctx.db, ctx.account.id, ctx.now)
    const canRunOffice = mayRunOffice(ctx.actor).yes
    return {
      counts: { ...counts, ...(canRunOffice && { unread }) },
      requested: (await listWaitingRequests(ctx.db, ctx.account.id)).map(presentJob),
      next: next.map(presentJob),
      failedMessages: mayManage(ctx.actor).yes ? await countFailedMessages(ctx.db, ctx.account.id) : null,
      first: canRunOffice ? await findFirstSteps(ctx.db, ctx.account.id) : null,
    }
  },

  async getAccount(ctx) {
    ctx.allow(mayChangeAccount(ctx.actor))
    return presentSettings(ctx.account, await getSettings(ctx.db, ctx.account.id))
  },

  async updateAccount(ctx, { version, ...input }) {
    ctx.allow(mayChangeAccount(ctx.actor))
    const before = await getSettings(ctx.db, ctx.account.id)
    const row = await updateSettings(ctx.db, ctx.account.id, version, ctx.now, {
      ...input,
      postalAddress: input.postalAddress || null,
    })
    if (!row) throw problem('accountChanged')
    const changes = findChanges(before, row)
    if (Object.keys(changes).length > 0) {
      await ctx.audit({ event: 'accountChanged', subjectKind: 'account', subjectId: ctx.account.id, details: changes })
    }
    return presentSettings(ctx.account, row)
  },

  uploadLogo: prepared(
    async ({ file }: Input<typeof accounts.uploadLogo>, { account, actor, files }) => {
      // Checked before anything is stored, so that staff without permission cannot fill the disk (PS-35).
      if (!mayChangeAccount(actor).yes) return null
      return files.put(file.content, { account: account.id, name: file.name, purpose: 'logo' })
    },
    async (ctx, _input, logo) => {
      ctx.allow(mayChangeAccount(ctx.actor))
      const { key, type } = logo!
      const previousKey = await replaceLogo(ctx.db, ctx.account.id, { key, type }, ctx.now)
      if (previousKey) ctx.afterCommit(() => ctx.files.delete(previousKey))
      await ctx.audit({ event: 'logoChanged', subjectKind: 'account', subjectId: ctx.account.id })
      return { logo: logoUrl(ctx.account, key)! }
    },
  ),

  async removeLogo(ctx) {
    ctx.allow(mayChangeAccount(ctx.actor))
    const previousKey = await replaceLogo(ctx.db, ctx.account.id, null, ctx.now)
    if (previousKey) {
      ctx.afterCommit(() => ctx.files.delete(previousKey))
      await ctx.audit({ event: 'logoRemoved', subjectKind: 'account', subjectId: ctx.account.id })
    }
    return {}
  },

  async getOfficeLogo(ctx) {
    ctx.allow(maySeeOffice(ctx.actor))
    const { logo_key: key, logo_type: type } = await getSettings(ctx.db, ctx.account.id)
    if (!key || !type) throw problem('notFound')
    const logo = await ctx.files.get(key).catch((error: unknown) => {
      throw error instanceof FileMissing ? problem('notFound') : error
    })
    return withEffect({}, { file: { ...logo, name: 'logo.png', type, inline: true } })
  },

  async getInstallation(ctx) {
    ctx.allow(yes)
    return { isSetUp: !(await isInstallationEmpty(ctx.db)) }
  },

  async getSetUp(ctx, { token }) {
    ctx.allow(yes)
    const setUpToken = await findSetUpToken(ctx.db, hashToken(token))
    if (!setUpToken) ctx.countFailure()
    return { status: setUpStatus(setUpToken, ctx.now), expiresAt: setUpToken?.expires_at ?? null }
  },

  setUp: prepared(
    async (input, { query, now }) => {
      // The link is checked before hashing, so that strangers cannot use up the server's time with invalid links.
      const token = await peekSetUpToken(query, hashToken(input.token))
      if (setUpStatus(token, now) !== 'open') throw problem('setUpClosed')
      const others = RESERVED_SLUGS.includes(input.slug) ? { slug: 'slugTaken' } : {}
      await checkNewPassword(input.password, [input.business, input.name, input.email], others)
      return hashPassword(input.password)
    },
    async (ctx, input, passwordHash) => {
      ctx.allow(yes)
      await lockInstallation(ctx.db)
      const isOpen =
        (await isInstallationEmpty(ctx.db)) && (await consumeSetUpToken(ctx.db, hashToken(input.token), ctx.now))
      if (!isOpen) throw problem('setUpClosed')
      return openFirstAccount(ctx, input, passwordHash)
    },
    { findCreatedAccount: ({ slug }, { query, now }) => findAccountBySlug(query, slug, now) },
  ),
})

async function openFirstAccount(
  ctx: Context<typeof accounts.setUp>,
  input: Input<typeof accounts.setUp>,
  passwordHash: string,
) {
  const ownerId = await findOrCreatePerson(ctx.db, {
    id: ctx.newId(),
    email: input.email,
    emailNorm: emailNorm(input.email),
    name: input.name,
    passwordHash,
    at: ctx.now,
  })
  const accountId = await createAccount(ctx, input, ownerId)
  // Before the account is entered: inside one, logins are out of reach.
  const { token, hash } = newToken()
  const ends = new Date(ctx.now.getTime() + STAFF_SESSION_MS)
  await startPersonSession(ctx.db, {
    hash,
    id: ctx.newId(),
    person: ownerId,
    at: ctx.now,
    ends,
    userAgent: ctx.userAgent,
    clientAddress: ctx.clientAddress,
  })
  const browser = await rememberBrowser(ctx, ownerId, passwordHash)
  await ctx.enter(accountId)
  await ctx.audit({
    event: 'accountOpened',
    subjectKind: 'account',
    subjectId: accountId,
    details: { slug: input.slug, owner: input.name },
  })
  return withEffect({ slug: input.slug }, { session: 'start', audience: 'people', token, ends, browser })
}

/** Creates the account with its owner as the first member, and returns its id. */
async function createAccount(
  ctx: Context<typeof accounts.setUp>,
  input: Input<typeof accounts.setUp>,
  ownerId: string,
): Promise<string> {
  const id = ctx.newId()
  try {
    await openAccount(ctx.db, {
      id,
      slug: input.slug,
      name: input.business,
      timeZone: input.timeZone,
      locale: input.locale,
      currency: input.currency,
      supportEmail: input.email,
      memberId: ctx.newId(),
      ownerId,
      ownerEmail: input.email,
      ownerName: input.name,
      at: ctx.now,
    })
  } catch (error) {
    if (constraintOf(error) === 'account_slugs_pk') throw problem('input', { fields: { slug: 'slugTaken' } })
    throw error
  }
  return id
}

/**
 * Makes the link that sets up the first account of an empty installation; the link of an earlier start stops working.
 * Returns its address, or null when there is an account already.
 */
export async function offerSetUp(query: RunQuery, clock: Clock, urls: Urls): Promise<string | null> {
  const { token, hash } = newToken()
  const at = clock.now()
  const expires = new Date(at.getTime() + SET_UP_MS)
  const isOffered = await offerSetUpToken(query, { hash, id: newId(), at, expires })
  return isOffered ? urls.main(`/set-up/${token}`) : null
}
