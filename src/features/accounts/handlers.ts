import type { Clock } from '../../platform/clock.ts'
import type { RunQuery } from '../../platform/caller.ts'
import { FileMissing, FileRefused } from '../../platform/files.ts'
import { constraintOf } from '../../platform/database/errors.ts'
import { newId } from '../../platform/ids.ts'
import {
  emailNorm,
  implement,
  prepared,
  withEffect,
  type Context,
  type Input,
  type Urls,
} from '../../platform/operation.ts'
import { problem, yes } from '../../platform/problem.ts'
import { checkNewPassword, hashPassword, hashToken, newToken } from '../../platform/secrets.ts'
import { mayManage, mayRunOffice } from '../identity/policy.ts'
import { listPersonAccounts, startPersonSession } from '../identity/queries.ts'
import type { AccountContext } from '../identity/rules.ts'
import { SET_UP_MS, STAFF_SESSION_MS } from '../identity/people/rules.ts'
import { findOrCreatePerson, offerSetUpToken } from '../identity/people/queries.ts'
import { countFailedMessages } from '../messages/queries.ts'
import { accounts } from './contract.ts'
import { mayChangeAccount, maySeeOffice } from './policy.ts'
import {
  findAccountBySlug,
  peekSetUpToken,
  updateSettings,
  findSetUpToken,
  findFirstSteps,
  countHomeJobs,
  installationIsEmpty,
  lockInstallation,
  listNextVisits,
  openAccount,
  replaceLogo,
  getSettings,
  consumeSetUpToken,
  listWaitingRequests,
  type HomeJob,
  type SettingsRow,
  type SetUpToken,
} from './queries.ts'
import { dayBounds, RESERVED_SLUGS } from './rules.ts'

/** The picture's address changes with the picture, so that no old one stays on a screen. */
const logoUrl = (account: { slug: string }, key: string | null) =>
  key === null ? null : `/api/v1/office/${account.slug}/logo?v=${key.slice(-8)}`

const present = (account: AccountContext, row: SettingsRow) => ({
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
  version: row.version,
})

const presentJob = ({ requested_at, scheduled_at, created_at, customer, ...job }: HomeJob) => ({
  ...job,
  customer: customer ?? '',
  requestedAt: requested_at,
  scheduledAt: scheduled_at,
  createdAt: created_at,
})

const setUpStatus = (token: SetUpToken | undefined, now: Date) =>
  !token
    ? ('unknown' as const)
    : token.used_at || !token.empty
      ? ('used' as const)
      : token.expires_at <= now
        ? ('expired' as const)
        : ('open' as const)

export const accountsHandlers = implement('accounts', accounts, {
  async getOffice(ctx) {
    ctx.allow(maySeeOffice(ctx.actor))
    const { slug, name, accent, timeZone, locale, currency, logoKey, portal } = ctx.account
    const mine = await listPersonAccounts(ctx.db, ctx.actor.personId)
    return {
      slug,
      name,
      accent,
      timeZone,
      locale,
      currency,
      logo: logoUrl(ctx.account, logoKey),
      portal: portal.enabled ? ctx.urls.portal('/') : null,
      me: { id: ctx.actor.id, name: ctx.actor.name, role: ctx.actor.role },
      accounts: mine.map((each) => ({ slug: each.slug, name: each.name, role: each.role })),
      can: { runOffice: mayRunOffice(ctx.actor).yes, manage: mayManage(ctx.actor).yes },
    }
  },

  async getOfficeHome(ctx) {
    ctx.allow(maySeeOffice(ctx.actor))
    const today = dayBounds(ctx.now, ctx.account.timeZone)
    const counts = await countHomeJobs(ctx.db, ctx.account.id, today)
    const requested = await listWaitingRequests(ctx.db, ctx.account.id)
    const next = await listNextVisits(ctx.db, ctx.account.id, today.from)
    const office = mayRunOffice(ctx.actor).yes
    return {
      counts,
      requested: requested.map(presentJob),
      next: next.map(presentJob),
      failedMessages: mayManage(ctx.actor).yes ? await countFailedMessages(ctx.db, ctx.account.id) : null,
      first: office ? await findFirstSteps(ctx.db, ctx.account.id) : null,
    }
  },

  async getAccount(ctx) {
    ctx.allow(mayChangeAccount(ctx.actor))
    return present(ctx.account, await getSettings(ctx.db, ctx.account.id))
  },

  async updateAccount(ctx, { version, ...wanted }) {
    ctx.allow(mayChangeAccount(ctx.actor))
    const before = await getSettings(ctx.db, ctx.account.id)
    const row = await updateSettings(ctx.db, ctx.account.id, version, ctx.now, {
      ...wanted,
      postalAddress: wanted.postalAddress || null,
    })
    if (!row) throw problem('accountChanged')
    const keys = [
      'name',
      'time_zone',
      'locale',
      'currency',
      'accent',
      'support_email',
      'support_phone',
      'postal_address',
    ] as const
    const changed = Object.fromEntries(
      keys.filter((key) => before[key] !== row[key]).map((key) => [key, { from: before[key], to: row[key] }]),
    )
    if (Object.keys(changed).length > 0)
      await ctx.audit({ event: 'accountChanged', subjectKind: 'account', subjectId: ctx.account.id, details: changed })
    return present(ctx.account, row)
  },

  uploadLogo: prepared(
    async ({ file }: Input<typeof accounts.uploadLogo>, { account, actor, files }) => {
      // Asked before a byte is kept (PS-35).
      if (!mayChangeAccount(actor).yes) return null
      try {
        return await files.put(file.stream, { account: account.id, name: file.name, purpose: 'logo' })
      } catch (error) {
        if (error instanceof FileRefused) throw problem('input', { fields: { file: error.reason } })
        throw error
      }
    },
    async (ctx, _input, kept) => {
      ctx.allow(mayChangeAccount(ctx.actor))
      const old = await replaceLogo(ctx.db, ctx.account.id, { key: kept!.key, type: kept!.type }, ctx.now)
      if (old) ctx.afterCommit(() => ctx.files.delete(old))
      await ctx.audit({ event: 'logoChanged', subjectKind: 'account', subjectId: ctx.account.id })
      return { logo: logoUrl(ctx.account, kept!.key)! }
    },
  ),

  async removeLogo(ctx) {
    ctx.allow(mayChangeAccount(ctx.actor))
    const old = await replaceLogo(ctx.db, ctx.account.id, null, ctx.now)
    if (old) {
      ctx.afterCommit(() => ctx.files.delete(old))
      await ctx.audit({ event: 'logoRemoved', subjectKind: 'account', subjectId: ctx.account.id })
    }
    return {}
  },

  async getOfficeLogo(ctx) {
    ctx.allow(maySeeOffice(ctx.actor))
    const { logo_key: key, logo_type: type } = await getSettings(ctx.db, ctx.account.id)
    if (!key || !type) throw problem('notFound')
    const kept = await ctx.files.get(key).catch((error: unknown) => {
      throw error instanceof FileMissing ? problem('notFound') : error
    })
    return withEffect({}, { file: { ...kept, name: 'logo.png', type, inline: true } })
  },

  async getSetUp(ctx, { token }) {
    ctx.allow(yes)
    const found = await findSetUpToken(ctx.db, hashToken(token))
    return { status: setUpStatus(found, ctx.now), expiresAt: found?.expires_at ?? null }
  },

  setUp: prepared(
    async (input, { query, now }) => {
      // No hashing for strangers: the link is looked at first.
      if (setUpStatus(await peekSetUpToken(query, hashToken(input.token)), now) !== 'open') throw problem('setUpClosed')
      if (RESERVED_SLUGS.includes(input.slug)) throw problem('input', { fields: { slug: 'slugTaken' } })
      checkNewPassword(input.password, [input.business, input.name, input.email])
      return hashPassword(input.password)
    },
    async (ctx, input, passwordHash) => {
      ctx.allow(yes)
      await lockInstallation(ctx.db)
      if (!(await installationIsEmpty(ctx.db)) || !(await consumeSetUpToken(ctx.db, hashToken(input.token), ctx.now)))
        throw problem('setUpClosed')
      return openFirstAccount(ctx, input, passwordHash)
    },
    { openedAccount: ({ slug }, { query, now }) => findAccountBySlug(query, slug, now) },
  ),
})

async function openFirstAccount(
  ctx: Context<typeof accounts.setUp>,
  input: Input<typeof accounts.setUp>,
  passwordHash: string,
) {
  const at = ctx.now
  const ownerId = await findOrCreatePerson(ctx.db, {
    id: ctx.newId(),
    email: input.email,
    emailNorm: emailNorm(input.email),
    name: input.name,
    passwordHash,
    at,
  })
  const id = ctx.newId(),
    memberId = ctx.newId()
  try {
    await openAccount(ctx.db, {
      id,
      slug: input.slug,
      name: input.business,
      timeZone: input.timeZone,
      locale: input.locale,
      currency: input.currency,
      supportEmail: input.email,
      memberId,
      ownerId,
      ownerEmail: input.email,
      ownerName: input.name,
      at,
    })
  } catch (error) {
    if (constraintOf(error) === 'account_slugs_pk') throw problem('input', { fields: { slug: 'slugTaken' } })
    throw error
  }
  await ctx.enter(id)
  await ctx.audit({
    event: 'accountOpened',
    subjectKind: 'account',
    subjectId: id,
    details: { slug: input.slug, owner: input.name },
  })
  const { token, hash } = newToken()
  const ends = new Date(at.getTime() + STAFF_SESSION_MS)
  await startPersonSession(ctx.db, {
    hash,
    id: ctx.newId(),
    person: ownerId,
    at,
    ends,
    userAgent: ctx.userAgent,
    clientAddress: ctx.clientAddress,
  })
  return withEffect({ slug: input.slug }, { session: 'start', audience: 'people', token, ends })
}

/**
 * An empty installation offers one link to make its first account; the link of an earlier start dies with it.
 * Answers the address to print, or null when there is an account already.
 */
export async function offerSetUp(query: RunQuery, clock: Clock, urls: Urls): Promise<string | null> {
  const { token, hash } = newToken()
  const at = clock.now()
  const offered = await offerSetUpToken(query, { hash, id: newId(), at, expires: new Date(at.getTime() + SET_UP_MS) })
  return offered ? urls.main(`/set-up/${token}`) : null
}
