/** What the portal's settings may hold: addresses, sign-up domains, the four questions of the set-up. Pure. */
import { RESERVED_SLUGS } from '../accounts/rules.ts'
import { PERMISSIONS, type PortalConfig } from '../identity/rules.ts'

/** What is wrong with a portal's name in its address: a code with words under `problems.fields`. It is a host's label too. */
export function checkSlug(slug: string): 'slug' | 'slugReserved' | null {
  if (RESERVED_SLUGS.includes(slug)) return 'slugReserved'
  // `xn--` announces another alphabet to browsers: what is read would not be what is typed.
  return /^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$/.test(slug) && !slug.startsWith('xn--') ? null : 'slug'
}

/** A mail domain as people write it (`@Harbour.Example`, `https://harbour.example/`) as it is compared; null when it is none. */
export function normalizeDomain(typed: string): string | null {
  const domain = typed
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/^@/, '')
    .replace(/\/$/, '')
  return /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(domain)
    ? domain
    : null
}

/** Whether the portal makes a customer for an unlinked user at its first booking; unset follows `public` (E-25). */
const isCreatingCustomers = (portal: { createCustomers: boolean | null; public: boolean }): boolean =>
  portal.createCustomers ?? portal.public

// ---- the checklist: four planning questions, answered by what the account really holds (CP-33) ----

export const QUESTIONS = ['works', 'jobs', 'access', 'manage'] as const
export type Question = (typeof QUESTIONS)[number]

/** The page where a line can be changed. */
export type SettingsPage = 'portalSettings' | 'portalUsers' | 'newPortalUser' | 'templates' | 'business' | 'messages'

export interface Line {
  /** Words under `portal.office.checklist.<code>`. */
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
  /** Not activated, and their newest invitation was refused. */
  undelivered: number
  /** Users or links with permissions or templates of their own. */
  customized: number
}

export function buildChecklist(
  portal: Pick<
    PortalConfig,
    'enabled' | 'public' | 'introduction' | 'signUpDomains' | 'switches' | 'permissions' | 'hideJobsOfOtherTemplates'
  > & { createCustomers: boolean | null },
  business: { supportEmail: string | null; supportPhone: string | null },
  facts: PortalFacts,
): { question: Question; lines: Line[] }[] {
  const line = (
    code: string,
    status: boolean | 'note',
    page: SettingsPage,
    anchor: string | null,
    count = 0,
  ): Line => ({
    code,
    status: status === 'note' ? 'note' : status ? 'done' : 'open',
    count,
    page,
    anchor,
  })
  const { active, notActivated } = facts.users
  const may = PERMISSIONS.filter((each) => portal.switches[each] && portal.permissions[each])

  return [
    {
      question: 'works',
      lines: [
        line(portal.enabled ? 'on' : 'off', portal.enabled, 'portalSettings', 'portal'),
        line(
          portal.introduction ? 'introduced' : 'notIntroduced',
          portal.introduction !== '',
          'portalSettings',
          'branding',
        ),
        line(
          business.supportEmail || business.supportPhone ? 'reachable' : 'notReachable',
          Boolean(business.supportEmail || business.supportPhone),
          'business',
          null,
        ),
      ],
    },
    {
      question: 'jobs',
      lines: [
        facts.templates === 0
          ? line('noTemplates', false, 'templates', null)
          : line(
              facts.offered > 0 ? 'offered' : 'noneOffered',
              facts.offered > 0,
              'portalSettings',
              'templates',
              facts.offered,
            ),
        ...(facts.offeredArchived > 0
          ? [line('offeredArchived', false, 'portalSettings', 'templates', facts.offeredArchived)]
          : []),
        line(portal.hideJobsOfOtherTemplates ? 'othersHidden' : 'othersShown', 'note', 'portalSettings', 'templates'),
      ],
    },
    {
      question: 'access',
      lines: [
        portal.public
          ? line(
              portal.signUpDomains.length > 0 ? 'publicDomains' : 'public',
              true,
              'portalSettings',
              'access',
              portal.signUpDomains.length,
            )
          : line(
              active + notActivated > 0 ? 'private' : 'privateNoUsers',
              active + notActivated > 0,
              active + notActivated > 0 ? 'portalUsers' : 'newPortalUser',
              null,
              active + notActivated,
            ),
        ...(notActivated > 0 ? [line('notActivated', 'note', 'portalUsers', null, notActivated)] : []),
        ...(facts.undelivered > 0 ? [line('undelivered', false, 'messages', null, facts.undelivered)] : []),
        ...(facts.unlinked > 0
          ? [
              line(
                isCreatingCustomers(portal) ? 'unlinkedAutomatic' : 'unlinkedBlocked',
                isCreatingCustomers(portal) ? 'note' : false,
                'portalUsers',
                null,
                facts.unlinked,
              ),
            ]
          : []),
      ],
    },
    {
      question: 'manage',
      lines: [
        line(
          may.includes('createJobs') ? 'book' : portal.switches.createJobs ? 'bookByPermission' : 'bookOff',
          may.includes('createJobs') || 'note',
          'portalSettings',
          portal.switches.createJobs ? 'permissions' : 'switches',
        ),
        line(
          may.includes('cancelJobs') ? 'cancel' : 'cancelOff',
          may.includes('cancelJobs') || 'note',
          'portalSettings',
          portal.switches.cancelJobs ? 'permissions' : 'switches',
        ),
        ...(facts.customized > 0 ? [line('customized', 'note', 'portalUsers', null, facts.customized)] : []),
      ],
    },
  ]
}

/**
 * A link for the business's own website that looks like a button (V-11). It loads nothing from us: no script, no style,
 * no picture. `url` is the sign-in page, `label` its words.
 */
export function renderButtonHtml(url: string, label: string, colour: string): string {
  const safe = (text: string) => text.replaceAll(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`)
  return `<a href="${safe(url)}" style="display:inline-block;padding:12px 20px;border-radius:8px;background:${safe(colour)};color:#fff;font:500 16px/1.25 system-ui,sans-serif;text-decoration:none">${safe(label)}</a>`
}
