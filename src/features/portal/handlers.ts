import { shades } from '../../platform/accent.ts'
import { implement, type Context } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import { isManager } from '../identity/rules.ts'
import { mayManage } from '../identity/policy.ts'
import { portal } from './contract.ts'
import {
  endAllPortalSessions,
  changeAccountSlug,
  listOfferableTemplates,
  findPortalFacts,
  findPortalSettings,
  savePortalSettings,
  type PortalChange,
  type PortalRow,
} from './queries.ts'
import { renderButtonHtml, buildChecklist, normalizeDomain, checkSlug } from './rules.ts'

export const portalHandlers = implement('portal', portal, {
  async getPortalSettings(ctx) {
    ctx.allow(mayManage(ctx.actor))
    return present(ctx, await findPortalSettings(ctx.db, ctx.account.id))
  },

  async updatePortalSettings(ctx, { version, ...wish }) {
    const before = await findPortalSettings(ctx.db, ctx.account.id)
    ctx.allow(mayManage(ctx.actor))
    const change = await checked(ctx, wish, before)
    if (!(await savePortalSettings(ctx.db, ctx.account.id, version, change, ctx.now))) throw problem('editConflict')
    // Data stays and nobody needs a new activation; only who is inside is put out (E-09).
    const sessionsEnded =
      before.enabled && change.enabled === false ? await endAllPortalSessions(ctx.db, ctx.account.id) : 0
    const after = await findPortalSettings(ctx.db, ctx.account.id)
    await ctx.audit({
      event: 'portalSettingsChanged',
      subjectKind: 'account',
      subjectId: ctx.account.id,
      details: { changes: differences(before, after), sessionsEnded },
    })
    return { ...(await present(ctx, after)), sessionsEnded }
  },

  async changePortalAddress(ctx, { slug }) {
    ctx.allow(mayManage(ctx.actor))
    if (slug === ctx.account.slug) return { slug }
    const fault = checkSlug(slug)
    if (fault) throw problem('input', { fields: { slug: fault } })
    if (!(await changeAccountSlug(ctx.db, ctx.account.id, slug, ctx.now)))
      throw problem('portalAddressTaken', { vars: { slug }, fields: { slug: 'slugTaken' } })
    await ctx.audit({
      event: 'portalAddressChanged',
      subjectKind: 'account',
      subjectId: ctx.account.id,
      details: { from: ctx.account.slug, to: slug },
    })
    return { slug }
  },

  async getPortalChecklist(ctx) {
    ctx.allow(mayManage(ctx.actor))
    const settings = await findPortalSettings(ctx.db, ctx.account.id)
    const questions = buildChecklist(
      settings,
      ctx.account,
      await findPortalFacts(ctx.db, ctx.account.id, settings.templates),
    )
    const asked = questions.flatMap(({ lines }) => lines.filter(({ status }) => status !== 'note'))
    return { questions, done: asked.filter(({ status }) => status === 'done').length, of: asked.length }
  },
})

type Ctx = Pick<Context, 'account' | 'actor' | 'urls'> & { db: Parameters<typeof findPortalSettings>[0] }

async function present(ctx: Ctx, settings: PortalRow) {
  const rows = await listOfferableTemplates(ctx.db, ctx.account.id, settings.templates)
  const place = (id: string) => {
    const at = settings.templates.indexOf(id)
    return at < 0 ? settings.templates.length : at
  }
  const signIn = ctx.urls.portal('/sign-in')
  return {
    ...settings,
    slug: ctx.account.slug,
    businessName: ctx.account.name,
    addresses: { home: ctx.urls.portal('/'), signIn, signUp: ctx.urls.portal('/signup') },
    button: renderButtonHtml(signIn, settings.name ?? ctx.account.name, shades(ctx.account.accent)['accent-fill']),
    choices: rows
      .map(({ id, name, status }) => ({
        id,
        name,
        archived: status === 'archived',
        offered: settings.templates.includes(id),
      }))
      .sort((a, b) => place(a.id) - place(b.id)),
    can: { edit: ctx.actor.kind === 'staff' && isManager(ctx.actor.role) },
  }
}

/** What is asked for as it will be stored; every fault at once. */
async function checked(ctx: Ctx, wish: PortalChange, before: PortalRow): Promise<PortalChange> {
  const fields: Record<string, string> = {}
  const change = { ...wish }
  if (wish.signUpDomains) {
    const domains = wish.signUpDomains.filter((typed) => typed.trim() !== '').map(normalizeDomain)
    if (domains.includes(null)) fields.signUpDomains = 'domain'
    change.signUpDomains = [...new Set(domains.filter((domain) => domain !== null))]
  }
  if (wish.templates) {
    const known = new Set((await listOfferableTemplates(ctx.db, ctx.account.id, before.templates)).map(({ id }) => id))
    if (wish.templates.some((template) => !known.has(template))) fields.templates = 'choice'
    change.templates = [...new Set(wish.templates)]
  }
  if (Object.keys(fields).length > 0) throw problem('input', { fields })
  return change
}

const differences = (before: PortalRow, after: PortalRow): Record<string, [unknown, unknown]> =>
  Object.fromEntries(
    (Object.keys(after) as (keyof PortalRow)[])
      .filter((key) => key !== 'version' && JSON.stringify(before[key]) !== JSON.stringify(after[key]))
      .map((key) => [key, [before[key], after[key]]]),
  )
