import { shades } from '../../platform/accent.ts'
import { emailNorm } from '../../platform/email-address.ts'
import { implement, type Context } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import { email } from '../../platform/schema.ts'
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

  async updatePortalSettings(ctx, { version, ...input }) {
    ctx.allow(mayManage(ctx.actor))
    const before = await findPortalSettings(ctx.db, ctx.account.id)
    const change = await checkChange(ctx, input, before)
    if (!(await savePortalSettings(ctx.db, ctx.account.id, version, change, ctx.now))) throw problem('editConflict')
    // Turning the portal off ends its sessions; data and activations stay (E-09).
    const isTurnedOff = before.enabled && change.enabled === false
    const sessionsEnded = isTurnedOff ? await endAllPortalSessions(ctx.db, ctx.account.id) : 0
    const after = await findPortalSettings(ctx.db, ctx.account.id)
    await ctx.audit({
      event: 'portalSettingsChanged',
      subjectKind: 'account',
      subjectId: ctx.account.id,
      details: { changes: findDifferences(before, after), sessionsEnded },
    })
    return { ...(await present(ctx, after)), sessionsEnded }
  },

  async changePortalAddress(ctx, { slug }) {
    ctx.allow(mayManage(ctx.actor))
    if (slug === ctx.account.slug) return { slug }
    const slugError = checkSlug(slug)
    if (slugError) throw problem('input', { fields: { slug: slugError } })
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
    const facts = await findPortalFacts(ctx.db, ctx.account.id, settings.templates)
    const questions = buildChecklist(settings, ctx.account, facts)
    const tasks = questions.flatMap(({ lines }) => lines.filter(({ status }) => status !== 'note'))
    return { questions, done: tasks.filter(({ status }) => status === 'done').length, of: tasks.length }
  },
})

type ReadContext = Pick<Context, 'account' | 'actor' | 'urls'> & { db: Parameters<typeof findPortalSettings>[0] }

async function present(ctx: ReadContext, settings: PortalRow) {
  const rows = await listOfferableTemplates(ctx.db, ctx.account.id, settings.templates)
  // Offered templates come first, in the order in which the portal shows them.
  const positionOf = (id: string) => {
    const index = settings.templates.indexOf(id)
    return index < 0 ? settings.templates.length : index
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
      .sort((a, b) => positionOf(a.id) - positionOf(b.id)),
    can: { edit: ctx.actor.kind === 'staff' && isManager(ctx.actor.role) },
  }
}

/** The change as it will be stored, or a refusal that names every error. */
async function checkChange(ctx: ReadContext, input: PortalChange, before: PortalRow): Promise<PortalChange> {
  const fields: Record<string, string> = {}
  const { visitors, ...change } = { ...input }
  // Saving the form as it was gives nobody more: an upgraded account keeps what its visitors had.
  if (visitors && visitors !== before.visitors) Object.assign(change, { visitors })
  if (input.signUpDomains) {
    const domains = input.signUpDomains.filter((text) => text.trim() !== '').map(normalizeDomain)
    if (domains.includes(null)) fields.signUpDomains = 'domain'
    change.signUpDomains = [...new Set(domains.filter((domain) => domain !== null))]
  }
  if (input.blockedEmails) {
    const emails = input.blockedEmails.filter((text) => text.trim() !== '').map((text) => email().safeParse(text))
    if (emails.some(({ success }) => !success)) fields.blockedEmails = 'email'
    change.blockedEmails = [...new Set(emails.flatMap(({ data }) => (data ? [emailNorm(data)] : [])))]
  }
  if (input.templates) {
    const offerable = await listOfferableTemplates(ctx.db, ctx.account.id, before.templates)
    const offerableIds = new Set(offerable.map(({ id }) => id))
    if (input.templates.some((template) => !offerableIds.has(template))) fields.templates = 'choice'
    change.templates = [...new Set(input.templates)]
  }
  if (Object.keys(fields).length > 0) throw problem('input', { fields })
  return change
}

/** The settings that changed, each with its old and new value. */
const findDifferences = (before: PortalRow, after: PortalRow): Record<string, [unknown, unknown]> =>
  Object.fromEntries(
    (Object.keys(after) as (keyof PortalRow)[])
      .filter((key) => key !== 'version' && JSON.stringify(before[key]) !== JSON.stringify(after[key]))
      .map((key) => [key, [before[key], after[key]]]),
  )
