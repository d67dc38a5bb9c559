/** Rules for the portal's settings: its address, sign-up domains and the set-up checklist. Pure. */
import { RESERVED_SLUGS } from '../accounts/rules.ts'
import { resolvePermission, type PortalConfig } from '../identity/rules.ts'

/** The code of what is wrong with a portal's address, null when it is valid. It must be a valid host label too. */
export function checkSlug(slug: string): 'slug' | 'slugReserved' | null {
  if (RESERVED_SLUGS.includes(slug)) return 'slugReserved'
  // Browsers show an `xn--` label in another alphabet, so that it could look like another business's address.
  const isHostLabel = /^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$/.test(slug)
  return isHostLabel && !slug.startsWith('xn--') ? null : 'slug'
}

/** A mail domain in lower case, from `@Harbour.Example` or `https://harbour.example/`; null when it is not a domain. */
export function normalizeDomain(text: string): string | null {
  const domain = text
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/^@/, '')
    .replace(/\/$/, '')
  return /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(domain)
    ? domain
    : null
}

// ---- the checklist: four planning questions, answered by the settings and users of the account (CP-33) ----

export const QUESTIONS = ['works', 'jobs', 'access', 'manage'] as const
export type Question = (typeof QUESTIONS)[number]

/** The page where a line can be changed. */
export type SettingsPage = 'portalSettings' | 'portalUsers' | 'newPortalUser' | 'templates' | 'business' | 'messages'

export interface ChecklistLine {
  /** Has a text under `portal.office.checklist.<code>`. */
  code: string
  /** `note` needs no action. */
  status: 'done' | 'open' | 'note'
  count: number
  page: SettingsPage
  /** Section of that page. */
  anchor: string | null
}

export interface PortalFacts {
  /** Templates offered to everyone that are still in use, and those that are not. */
  offered: number
  offeredArchived: number
  templates: number
  users: { active: number; notActivated: number; suspended: number }
  /** Active users who reach no customer. */
  unlinked: number
  /** Not activated, and their newest invitation failed. */
  undelivered: number
  /** Users or links with permissions or templates of their own. */
  customized: number
}

type ChecklistSettings = Pick<
  PortalConfig,
  | 'enabled'
  | 'public'
  | 'introduction'
  | 'signUpDomains'
  | 'switches'
  | 'permissions'
  | 'hideJobsOfOtherTemplates'
  | 'createCustomers'
>

type ChecklistBusiness = { supportEmail: string | null; supportPhone: string | null }

export const buildChecklist = (
  portal: ChecklistSettings,
  business: ChecklistBusiness,
  facts: PortalFacts,
): { question: Question; lines: ChecklistLine[] }[] => [
  { question: 'works', lines: appearanceLines(portal, business) },
  { question: 'jobs', lines: templateLines(portal, facts) },
  { question: 'access', lines: accessLines(portal, facts) },
  { question: 'manage', lines: permissionLines(portal, facts) },
]

/** A line with its status: done, open, or a note. */
function line(
  code: string,
  status: boolean | 'note',
  page: SettingsPage,
  anchor: string | null,
  count = 0,
): ChecklistLine {
  const doneOrOpen = status ? 'done' : 'open'
  return { code, status: status === 'note' ? 'note' : doneOrOpen, count, page, anchor }
}

function appearanceLines(portal: ChecklistSettings, business: ChecklistBusiness): ChecklistLine[] {
  const hasIntroduction = portal.introduction !== ''
  const isReachable = Boolean(business.supportEmail || business.supportPhone)
  return [
    line(portal.enabled ? 'on' : 'off', portal.enabled, 'portalSettings', 'portal'),
    line(hasIntroduction ? 'introduced' : 'notIntroduced', hasIntroduction, 'portalSettings', 'branding'),
    line(isReachable ? 'reachable' : 'notReachable', isReachable, 'business', null),
  ]
}

function templateLines(portal: ChecklistSettings, { templates, offered, offeredArchived }: PortalFacts) {
  const lines: ChecklistLine[] = []
  const hasOffered = offered > 0
  if (templates === 0) lines.push(line('noTemplates', false, 'templates', null))
  else lines.push(line(hasOffered ? 'offered' : 'noneOffered', hasOffered, 'portalSettings', 'templates', offered))
  if (offeredArchived > 0) lines.push(line('offeredArchived', false, 'portalSettings', 'templates', offeredArchived))
  const others = portal.hideJobsOfOtherTemplates ? 'othersHidden' : 'othersShown'
  lines.push(line(others, 'note', 'portalSettings', 'templates'))
  return lines
}

function accessLines(portal: ChecklistSettings, facts: PortalFacts): ChecklistLine[] {
  const { undelivered, unlinked } = facts
  const { notActivated } = facts.users
  const lines = [portal.public ? publicAccessLine(portal) : privateAccessLine(facts)]
  if (notActivated > 0) lines.push(line('notActivated', 'note', 'portalUsers', null, notActivated))
  if (undelivered > 0) lines.push(line('undelivered', false, 'messages', null, undelivered))
  if (unlinked > 0) {
    const isAutomatic = portal.createCustomers
    const code = isAutomatic ? 'unlinkedAutomatic' : 'unlinkedBlocked'
    lines.push(line(code, isAutomatic ? 'note' : false, 'portalUsers', null, unlinked))
  }
  return lines
}

function publicAccessLine({ signUpDomains }: ChecklistSettings): ChecklistLine {
  const count = signUpDomains.length
  return line(count > 0 ? 'publicDomains' : 'public', true, 'portalSettings', 'access', count)
}

function privateAccessLine({ users }: PortalFacts): ChecklistLine {
  const count = users.active + users.notActivated
  return count > 0
    ? line('private', true, 'portalUsers', null, count)
    : line('privateNoUsers', false, 'newPortalUser', null, count)
}

function permissionLines(portal: ChecklistSettings, { customized }: PortalFacts): ChecklistLine[] {
  const { switches } = portal
  const canBook = resolvePermission('createJobs', portal, null, null).allowed
  const canCancel = resolvePermission('cancelJobs', portal, null, null).allowed
  const bookCodeWithoutDefault = switches.viewJobs && switches.createJobs ? 'bookByPermission' : 'bookOff'
  const lines = [
    line(canBook ? 'book' : bookCodeWithoutDefault, canBook || 'note', 'portalSettings', 'permissions'),
    line(canCancel ? 'cancel' : 'cancelOff', canCancel || 'note', 'portalSettings', 'permissions'),
  ]
  if (customized > 0) lines.push(line('customized', 'note', 'portalUsers', null, customized))
  return lines
}

/**
 * A link to the sign-in page that looks like a button, for the business's own website (V-11). It loads no script, style
 * or image from Portico.
 */
export function renderButtonHtml(url: string, label: string, color: string): string {
  const style = [
    'display:inline-block',
    'padding:12px 20px',
    'border-radius:8px',
    `background:${color}`,
    'color:#fff',
    'font:500 16px/1.25 system-ui,sans-serif',
    'text-decoration:none',
  ].join(';')
  return `<a href="${escapeHtml(url)}" style="${escapeHtml(style)}">${escapeHtml(label)}</a>`
}

/** Escapes a text for HTML, so that a portal's name cannot add a script to the website that shows the button. */
const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
