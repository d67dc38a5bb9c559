/**
 * Every link of the product. Pure functions of names and ids, the same on server and screen; nothing else writes an
 * address by hand, because a portal answers at two addresses and a bare '/jobs' would lose one of them.
 */

type Value = string | number | boolean | null | undefined
type Query = Record<string, Value | readonly Value[]>

/** A path with a query; empty values are left out, and a list repeats its parameter. */
export function appendQuery(path: string, query: Query = {}): string {
  const kept = Object.entries(query)
    .flatMap(([key, value]) => [value].flat().map((one) => [key, one] as const))
    .filter(([, value]) => value !== undefined && value !== null && value !== '' && value !== false)
  if (kept.length === 0) return path
  const search = new URLSearchParams(kept.map(([key, value]) => [key, value === true ? '1' : String(value)]))
  return `${path}?${search}`
}

const part = (text: string | number): string => encodeURIComponent(String(text))

/** Links of one portal. `base` (`locals.base`) is '' on its own host, `/p/<slug>` on the main one and `/office/…` in a view. */
export function portal(base: string) {
  const at = (path: string, query?: Query) => appendQuery(`${base}${path}` || '/', query)
  return {
    home: () => at(base === '' ? '/' : ''),
    signIn: (query?: Query) => at('/sign-in', query),
    signOut: () => at('/sign-out'),
    signUp: (query?: Query) => at('/signup', query),
    forgotPassword: (query?: Query) => at('/forgot-password', query),
    resetPassword: (token: string) => at(`/reset-password/${part(token)}`),
    activate: (token: string) => at(`/activate/${part(token)}`),
    confirmEmail: (token: string) => at(`/confirm-email/${part(token)}`),
    resendActivation: (query?: Query) => at('/resend-activation', query),
    /** Where a visitor asks for a secure link by email. */
    requestLink: (query?: Query) => at('/link', query),
    secureLink: (token: string) => at(`/link/${part(token)}`),
    /** A stable address for websites and emails: the account page, or the sign-in page before it. */
    myProfile: () => at('/my_profile'),
    /** The first page of a portal user for whom there are no jobs. */
    welcome: (query?: Query) => at('/welcome', query),
    jobs: (query?: Query) => at('/jobs', query),
    newJob: (query?: Query) => at('/jobs/new', query),
    newJobOf: (template: string, query?: Query) => at(`/jobs/new/${part(template)}`, query),
    job: (job: string, query?: Query) => at(`/jobs/${part(job)}`, query),
    editJob: (job: string, query?: Query) => at(`/jobs/${part(job)}/edit`, query),
    tickets: (query?: Query) => at('/tickets', query),
    newTicket: (query?: Query) => at('/tickets/new', query),
    ticket: (ticket: string, query?: Query) => at(`/tickets/${part(ticket)}`, query),
    editTicket: (ticket: string) => at(`/tickets/${part(ticket)}/edit`),
    account: (query?: Query) => at('/account', query),
    manifest: () => at('/manifest.webmanifest'),
    icon: (slug: string, icon: string, version: string) =>
      appendQuery(`/api/v1/portal/${part(slug)}/icons/${icon}`, { v: version }),
    /** Address of an operation, for forms with files and downloads: `/api/v1/portal/<slug>/…`, in a portal view below that. */
    api: (slug: string, path: string, query?: Query) =>
      appendQuery(`/api/v1${base[1] === 'o' ? base : `/portal/${part(slug)}`}${path}`, query),
  }
}
export type PortalPaths = ReturnType<typeof portal>

type At = (path: string, query?: Query) => string

const officeSettings = (at: At) => ({
  business: (query?: Query) => at('/settings/business', query),
  staff: (query?: Query) => at('/settings/staff', query),
  staffMember: (member: string, query?: Query) => at(`/settings/staff/${part(member)}`, query),
  templates: (query?: Query) => at('/settings/templates', query),
  newTemplate: (query?: Query) => at('/settings/templates/new', query),
  template: (template: string, query?: Query) => at(`/settings/templates/${part(template)}`, query),
  portalSettings: (query?: Query) => at('/settings/portal', query),
  portalUsers: (query?: Query) => at('/settings/portal/users', query),
  newPortalUser: (query?: Query) => at('/settings/portal/users/new', query),
  portalUser: (user: string, query?: Query) => at(`/settings/portal/users/${part(user)}`, query),
  permissionGroups: (query?: Query) => at('/settings/portal/groups', query),
  newPermissionGroup: (query?: Query) => at('/settings/portal/groups/new', query),
  permissionGroup: (group: string, query?: Query) => at(`/settings/portal/groups/${part(group)}`, query),
  ticketSettings: (query?: Query) => at('/settings/tickets', query),
  cannedReply: (reply: string, query?: Query) => at(`/settings/tickets/replies/${part(reply)}`, query),
})

/** Links of one account's office. */
function office(account: string) {
  const at = (path: string, query?: Query) => appendQuery(`/office/${part(account)}${path}`, query)
  return {
    home: (query?: Query) => at('', query),
    jobs: (query?: Query) => at('/jobs', query),
    newJob: (query?: Query) => at('/jobs/new', query),
    job: (job: string, query?: Query) => at(`/jobs/${part(job)}`, query),
    editJob: (job: string, query?: Query) => at(`/jobs/${part(job)}/edit`, query),
    tickets: (query?: Query) => at('/tickets', query),
    newTicket: (query?: Query) => at('/tickets/new', query),
    ticket: (ticket: string, query?: Query) => at(`/tickets/${part(ticket)}`, query),
    ticketLinks: (ticket: string, query?: Query) => at(`/tickets/${part(ticket)}/links`, query),
    heldMails: (query?: Query, mail = '') => at(mail ? `/tickets/held/${part(mail)}` : '/tickets/held', query),
    mergeTicket: (ticket: string, query?: Query) => at(`/tickets/${part(ticket)}/merge`, query),
    customers: (query?: Query) => at('/customers', query),
    newCustomer: (query?: Query) => at('/customers/new', query),
    customer: (customer: string, query?: Query) => at(`/customers/${part(customer)}`, query),
    editCustomer: (customer: string, query?: Query) => at(`/customers/${part(customer)}/edit`, query),
    mergeCustomer: (customer: string, query?: Query) => at(`/customers/${part(customer)}/merge`, query),
    newContact: (customer: string) => at(`/customers/${part(customer)}/contacts/new`),
    contact: (customer: string, contact: string, query?: Query) =>
      at(`/customers/${part(customer)}/contacts/${part(contact)}`, query),
    moveContact: (customer: string, contact: string, query?: Query) =>
      at(`/customers/${part(customer)}/contacts/${part(contact)}/move`, query),
    newSite: (customer: string) => at(`/customers/${part(customer)}/sites/new`),
    site: (customer: string, site: string, query?: Query) =>
      at(`/customers/${part(customer)}/sites/${part(site)}`, query),
    messages: (query?: Query) => at('/messages', query),
    message: (message: string, query?: Query) => at(`/messages/${part(message)}`, query),
    settings: (query?: Query) => at('/settings', query),
    ...officeSettings(at),
    profile: (query?: Query) => at('/profile', query),
    /** Who sees a job or ticket, and why. */
    recordAccess: (kind: 'job' | 'ticket', record: string, query?: Query) =>
      at(`/access/${kind}/${part(record)}`, query),
    /** What a portal user sees, with a search for what they do not see. */
    userAccess: (user: string, query?: Query) => at(`/access/users/${part(user)}`, query),
    /** Where staff choose as whom they look at the portal, and the portal as that person sees it. */
    viewAs: (query?: Query) => at('/view-as', query),
    portalView: (view: string) => at(`/as/${part(view)}`),
    /** Address of an operation, for forms with files and downloads: `/api/v1/office/<account>/…`. */
    api: (path: string, query?: Query) => appendQuery(`/api/v1/office/${part(account)}${path}`, query),
  }
}
export type OfficePaths = ReturnType<typeof office>

export const paths = {
  portal,
  office,
  /** Portico's own page on the main host. */
  landing: () => '/',
  /** Doors of the office: one for all accounts, since staff are people of the installation. */
  officeSignIn: (query?: Query) => appendQuery('/office/sign-in', query),
  officeSignOut: () => '/office/sign-out',
  officeForgotPassword: (query?: Query) => appendQuery('/office/forgot-password', query),
  officeResetPassword: (token: string) => `/office/reset-password/${part(token)}`,
  staffInvitation: (token: string) => `/office/join/${part(token)}`,
  /** Where staff of several accounts choose one. */
  accounts: () => '/office',
  setUp: (token: string) => `/set-up/${part(token)}`,
  mailbox: (query?: Query) => appendQuery('/mailbox', query),
  mailboxMessage: (message: string) => `/mailbox/${part(message)}`,
}

/**
 * A path that is safe to go to after signing in: one of ours, relative to this host. Anything else (another host,
 * `//evil.example`, `/\evil.example`) becomes `otherwise`, so that a link cannot use our sign-in as a springboard.
 */
export function safeNext(next: string | null | undefined, otherwise: string): string {
  if (!next || !/^\/(?![/\\])/.test(next) || /[\u0000-\u001f\\]/.test(next)) return otherwise
  return next
}

/** The path with its slug in lower case, which people type from a letterhead; null when it is so already. */
export function pathWithLowerCaseSlug(pathname: string): string | null {
  const lowerCase = pathname.replace(/^\/(?:p|office)\/[^/]+/, (start) => start.toLowerCase())
  return lowerCase === pathname ? null : lowerCase
}
