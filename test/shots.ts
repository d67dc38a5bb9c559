/**
 * `npm run shots`: screenshots of every page at 1280 and 390 px, light and dark, into out/shots/. It starts two servers:
 * one with the demo, one empty (for the set-up). A page in src/web/routes that is not listed below is an error.
 *
 *   npm run shots                       all of them
 *   npm run shots -- portal-job office  only those whose name contains one of these words
 */
import fs from 'node:fs'
import path from 'node:path'
import { chromium, type BrowserContext, type Page } from 'playwright-core'
import { findProgram, installPrograms } from './debian.ts'
import { serve, signedIn } from './serve.ts'
import { capturePage, findUnlisted } from './shots-capture.ts'
import { mailSteps } from './shots-mails.ts'

const root = path.resolve(import.meta.dirname, '..')
const target = path.join(root, 'out/shots')
const nameFilters = process.argv.slice(2)

type SessionName = 'nobody' | 'ruth' | 'grace' | 'eleanor'
interface Shot {
  /** Folder of the route; a route may have several shots. */
  route: string
  name: string
  session: SessionName
  /** The address, or a function that leads to it. */
  url: string | ((page: Page) => Promise<string>)
}

const missing = installPrograms(['chromium'])
if (missing.length > 0) {
  console.error(missing.join('\n'))
  process.exit(1)
}
const [demo, empty] = await Promise.all([serve('--demo'), serve()])
const browser = await chromium.launch({
  executablePath: findProgram('chromium'),
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
})
let failed = 0
try {
  await takeAll()
} finally {
  await browser.close()
  await Promise.all([demo.stop(), empty.stop()])
}
process.exitCode = failed > 0 ? 1 : 0

// ---- the pages ----

async function takeAll(): Promise<void> {
  const portal = (to: string) => `http://harbour.localhost:${demo.port}${to}`
  const office = (to = '') => `${demo.url}/office/harbour${to}`
  const sessions: Record<SessionName, BrowserContext> = {
    nobody: await browser.newContext(options()),
    ruth: await signedIn(browser, `${demo.url}/office/sign-in`, 'ruth@harbour-repair.example', options()),
    grace: await signedIn(browser, `${demo.url}/office/sign-in`, 'grace@backoffice.example', options()),
    eleanor: await signedIn(browser, portal('/sign-in'), 'eleanor.finch@post.example', options()),
  }
  const fetchJson = async <T>(session: SessionName, to: string): Promise<T> => {
    const page = await sessions[session].newPage()
    await page.goto(to)
    const answer = JSON.parse(await page.evaluate(() => document.body.textContent)) as T
    await page.close()
    return answer
  }
  type Rows<T = { id: string }> = { rows: (T & { id: string })[] }
  const api = (to: string) => `${demo.url}/api/v1/office/harbour${to}`
  const jobs = (await fetchJson<Rows<{ status: string; title: string }>>('ruth', api('/jobs'))).rows
  const job = (jobs.find((each) => each.status === 'started') ?? jobs[0]!).id
  const open = (jobs.find((each) => each.status === 'unassigned') ?? jobs[0]!).id
  const customer = (await fetchJson<Rows>('ruth', api('/customers?search=Eleanor%20Finch'))).rows[0]!.id
  const other = (await fetchJson<Rows>('ruth', api('/customers?search=Dockside'))).rows[0]!.id
  const { contacts, sites } = await fetchJson<{ contacts: { id: string }[]; sites: { id: string }[] }>(
    'ruth',
    api(`/customers/${customer}`),
  )
  const template = await fetchJson<{ templates?: { id: string }[]; rows?: { id: string }[] }>('ruth', api('/templates'))
  const templates = template.templates ?? template.rows ?? []
  const users = (await fetchJson<Rows<{ name: string | null; email: string }>>('ruth', api('/portal-users'))).rows
  const naveed = users.find((each) => each.name === 'Naveed Aslam')!.id
  const groups = (await fetchJson<Rows<{ kind: string }>>('ruth', api('/permission-groups'))).rows
  const group = (groups.find((each) => each.kind === 'custom') ?? groups[0]!).id
  const tickets = (await fetchJson<Rows<{ priority: string }>>('ruth', api('/tickets'))).rows
  const urgent = (tickets.find((each) => each.priority === 'urgent') ?? tickets[0]!).id
  const ticket = (await fetchJson<Rows>('eleanor', portal('/api/v1/portal/harbour/tickets'))).rows[0]!.id
  const reply = (await fetchJson<{ cannedReplies: Rows['rows'] }>('ruth', api('/ticket-settings'))).cannedReplies[0]!.id
  const firstOf = async (list: string) => (await fetchJson<Rows>('ruth', api(list))).rows[0]!.id
  const [message, heldMail] = [await firstOf('/messages'), await firstOf('/held-mails')]
  const portalJobs = (await fetchJson<Rows<{ status: string }>>('eleanor', portal('/api/v1/portal/harbour/jobs'))).rows
  const booked = (portalJobs.find((each) => each.status === 'requested') ?? portalJobs[0]!).id
  const coming = (portalJobs.find((each) => each.status === 'scheduled') ?? portalJobs[0]!).id
  const bookingPath = portal('/api/v1/portal/harbour/booking-options')
  const bookable = (await fetchJson<{ templates: Rows['rows'] }>('eleanor', bookingPath)).templates[0]!.id

  const { openMailAfter, linkOf, requestPasswordReset, invite, changeEmail } = mailSteps({
    url: demo.url,
    office,
    owner: sessions.ruth,
    portalUser: naveed,
  })
  const resetPassword = requestPasswordReset(portal('/forgot-password'), 'eleanor.finch@post.example')
  const anonymousPage = (route: string, name: string, url: Shot['url']): Shot => ({
    route,
    name,
    session: 'nobody',
    url,
  })
  const officePage = (route: string, name: string, url: string): Shot => ({
    route: `office/[account]${route}`,
    name: `office-${name}`,
    session: 'ruth',
    url: office(url),
  })
  const portalPage = (route: string, name: string, url: string): Shot => ({
    route: `p/[portal]${route}`,
    name: `portal-${name}`,
    session: 'eleanor',
    url: portal(url),
  })
  const authPage = (route: string, name: string, url: Shot['url']): Shot => ({
    route: `p/[portal]/(auth)${route}`,
    name: `portal-${name}`,
    session: 'nobody',
    url: typeof url === 'string' ? portal(url) : url,
  })

  /** A page of the portal as staff see it who view it as the customer. */
  const portalView = (route: string, name: string, button: string, path = ''): Shot => ({
    route: `p/[portal]${route}`,
    name: `portal-view-${name}`,
    session: 'ruth',
    async url(page) {
      await page.goto(office(`/customers/${customer}`))
      await page.getByRole('button', { name: button, exact: true }).first().click()
      await page.waitForURL(/\/as\/[0-9a-f-]{36}\/\w/)
      return path ? page.url().replace(/\/\w+$/, path) : page.url()
    },
  })

  const contact = `/customers/${customer}/contacts/${contacts[0]!.id}`
  const shots: Shot[] = [
    anonymousPage('', 'landing', demo.url),
    anonymousPage('set-up/[token]', 'set-up', /http\S+\/set-up\/\S+/.exec(empty.output())![0]),
    anonymousPage('office/sign-in', 'office-sign-in', `${demo.url}/office/sign-in`),
    anonymousPage('office/forgot-password', 'office-forgot-password', `${demo.url}/office/forgot-password`),
    anonymousPage(
      'office/reset-password/[token]',
      'office-reset-password',
      openMailAfter(
        requestPasswordReset(`${demo.url}/office/forgot-password`, 'ben@harbour-repair.example'),
        /ben@harbour-repair\.example/,
      ),
    ),
    anonymousPage('office/join/[token]', 'office-join', openMailAfter(invite, /june@harbour-repair\.example/)),
    { route: 'office', name: 'office-accounts', session: 'grace', url: `${demo.url}/office` },
    { route: 'office/sign-out', name: 'office-sign-out', session: 'ruth', url: `${demo.url}/office/sign-out` },
    officePage('', 'home', ''),
    officePage('/jobs', 'jobs', '/jobs'),
    officePage('/jobs', 'jobs-panel', `/jobs?job=${open}`),
    officePage('/jobs', 'jobs-no-match', '/jobs?q=zebra'),
    officePage('/jobs', 'jobs-plan', `/jobs?job=${open}&do=schedule`),
    officePage('/jobs/new', 'job-new', '/jobs/new'),
    officePage('/jobs/new', 'job-new-form', `/jobs/new?customer=${customer}&template=${templates[0]!.id}`),
    officePage('/jobs/[job]', 'job', `/jobs/${job}`),
    officePage('/jobs/[job]', 'job-cancel', `/jobs/${open}?do=cancel`),
    officePage('/tickets', 'tickets', '/tickets'),
    officePage('/tickets/new', 'ticket-new', '/tickets/new'),
    officePage('/tickets/new', 'ticket-new-form', `/tickets/new?customer=${customer}`),
    officePage('/tickets/held', 'held-mails', '/tickets/held'),
    officePage('/tickets/held/[mail]', 'held-mail', `/tickets/held/${heldMail}`),
    officePage('/tickets/[ticket]', 'ticket', `/tickets/${urgent}`),
    officePage('/access/[kind]/[record]', 'record-access', `/access/ticket/${urgent}`),
    officePage('/access/users/[user]', 'user-access', `/access/users/${naveed}?q=1`),
    officePage('/tickets/[ticket]/merge', 'ticket-merge', `/tickets/${urgent}/merge`),
    officePage('/tickets/[ticket]/links', 'ticket-links', `/tickets/${urgent}/links`),
    officePage('/settings/tickets', 'ticket-settings', '/settings/tickets'),
    officePage('/settings/tickets/replies/new', 'canned-reply-new', '/settings/tickets/replies/new'),
    officePage('/settings/tickets/replies/[reply]', 'canned-reply', `/settings/tickets/replies/${reply}`),
    officePage('/jobs/[job]/edit', 'job-edit', `/jobs/${open}/edit`),
    officePage('/customers', 'customers', '/customers'),
    officePage('/customers/new', 'customer-new', '/customers/new'),
    officePage('/customers/[customer]', 'customer', `/customers/${customer}`),
    officePage('/customers/[customer]/edit', 'customer-edit', `/customers/${customer}/edit`),
    officePage('/customers/[customer]/merge', 'customer-merge', `/customers/${customer}/merge?find=dock`),
    officePage('/customers/[customer]/merge', 'customer-merge-into', `/customers/${customer}/merge?into=${other}`),
    officePage('/customers/[customer]/contacts/new', 'contact-new', `/customers/${customer}/contacts/new`),
    officePage('/customers/[customer]/contacts/[contact]', 'contact', contact),
    officePage('/customers/[customer]/contacts/[contact]/move', 'contact-move', `${contact}/move`),
    officePage('/customers/[customer]/sites/new', 'site-new', `/customers/${customer}/sites/new`),
    officePage('/customers/[customer]/sites/[site]', 'site', `/customers/${customer}/sites/${sites[0]!.id}`),
    officePage('/messages', 'messages', '/messages'),
    officePage('/messages/[message]', 'message', `/messages/${message}`),
    officePage('/profile', 'profile', '/profile'),
    officePage('/settings', 'settings', '/settings'),
    officePage('/settings/business', 'business', '/settings/business'),
    officePage('/settings/staff', 'staff', '/settings/staff'),
    officePage('/settings/staff', 'staff-invite', '/settings/staff?invite=1'),
    officePage('/settings/templates', 'templates', '/settings/templates'),
    officePage('/settings/templates/new', 'template-new', '/settings/templates/new'),
    officePage('/settings/templates/[template]', 'template', `/settings/templates/${templates[0]!.id}`),
    officePage('/settings/portal', 'portal-settings', '/settings/portal'),
    officePage('/settings/portal', 'portal-settings-off', '/settings/portal?confirm=off'),
    officePage('/settings/portal/groups', 'permission-groups', '/settings/portal/groups'),
    officePage('/settings/portal/groups/new', 'permission-group-new', '/settings/portal/groups/new'),
    officePage('/settings/portal/groups/[group]', 'permission-group', `/settings/portal/groups/${group}`),
    officePage('/settings/portal/users', 'portal-users', '/settings/portal/users'),
    officePage('/settings/portal/users', 'portal-users-remove', `/settings/portal/users?remove=${naveed}`),
    officePage('/settings/portal/users/new', 'portal-user-new', '/settings/portal/users/new'),
    officePage('/settings/portal/users/[user]', 'portal-user', `/settings/portal/users/${naveed}`),
    officePage('/view-as', 'view-as', '/view-as'),
    officePage('/view-as', 'view-as-contacts', `/view-as?customer=${customer}`),
    portalView('/jobs', 'jobs', 'View portal as Eleanor Finch'),
    portalView('/tickets', 'tickets', 'View portal as Eleanor Finch', '/tickets'),
    { route: 'office/[account]/[...path]', name: 'office-not-found', session: 'ruth', url: office('/nowhere') },
    authPage('/sign-in', 'sign-in', '/sign-in'),
    authPage('/sign-in', 'sign-in-check-email', '/sign-in?sent=martha%40post.example'),
    { ...authPage('/sign-in', 'sign-in-private', ''), url: `http://northside.localhost:${demo.port}/sign-in` },
    authPage('/signup', 'sign-up', '/signup'),
    authPage('/forgot-password', 'forgot-password', '/forgot-password'),
    authPage('/link', 'link-request', '/link'),
    authPage('/link/[token]', 'link-unknown', '/link/unknown'),
    authPage('/resend-activation', 'resend-activation', '/resend-activation'),
    authPage('/activate/[token]', 'activate', (page) => linkOf(page, /martha\.okonkwo@post\.example/)),
    authPage('/activate/[token]', 'activate-invited', (page) => linkOf(page, /reception@southville\.example/)),
    authPage('/activate/[token]', 'activate-unknown', '/activate/unknown'),
    authPage('/reset-password/[token]', 'reset-password', openMailAfter(resetPassword, /eleanor\.finch@post\.example/)),
    authPage('/confirm-email/[token]', 'confirm-email', openMailAfter(changeEmail, /naveed@dockside\.example/)),
    portalPage('/jobs', 'jobs', '/jobs'),
    portalPage('/jobs', 'jobs-no-match', '/jobs?q=zebra'),
    portalPage('/tickets', 'tickets', '/tickets'),
    portalPage('/tickets/new', 'ticket-new', '/tickets/new'),
    portalPage('/tickets/[ticket]', 'ticket', `/tickets/${ticket}`),
    portalPage('/tickets/[ticket]/edit', 'ticket-edit', `/tickets/${ticket}/edit`),
    portalPage('/jobs/[job]', 'job', `/jobs/${coming}`),
    portalPage('/jobs/[job]', 'job-requested', `/jobs/${booked}`),
    portalPage('/jobs/[job]', 'job-cancel', `/jobs/${coming}?confirm=cancel`),
    portalPage('/jobs/[job]/edit', 'job-edit', `/jobs/${booked}/edit`),
    portalPage('/jobs/new', 'job-new', '/jobs/new'),
    portalPage('/jobs/new/[template]', 'job-new-form', `/jobs/new/${bookable}`),
    portalPage('/account', 'account', '/account'),
    portalPage('/welcome', 'welcome', '/welcome'),
    { ...authPage('/[...path]', 'not-found', '/nowhere'), session: 'eleanor' },
    anonymousPage('mailbox', 'mailbox', `${demo.url}/mailbox`),
    anonymousPage('mailbox/[message]', 'mailbox-message', async (page) => {
      await linkOf(page, /martha\.okonkwo@post\.example/)
      return page.url()
    }),
  ]
  // These routes only redirect.
  const redirectRoutes = ['(auth)', '(auth)/login', '(auth)/my_profile', '(auth)/sign-up', 'sign-out'].map(
    (route) => `p/[portal]/${route}`,
  )
  findUnlisted(new Set([...shots.map((shot) => shot.route), ...redirectRoutes])).forEach(reportFailure)

  if (nameFilters.length === 0) fs.rmSync(target, { recursive: true, force: true })
  fs.mkdirSync(target, { recursive: true })
  let screenshotCount = 0
  const isNamed = ({ name }: Shot) => nameFilters.length === 0 || nameFilters.some((word) => name.includes(word))
  for (const shot of shots.filter(isNamed)) {
    const page = await sessions[shot.session].newPage()
    page.setDefaultTimeout(20_000)
    try {
      const url = typeof shot.url === 'string' ? shot.url : await shot.url(page)
      const { problems, count } = await capturePage(page, { name: shot.name, url, folder: target })
      problems.forEach(reportFailure)
      screenshotCount += count
    } catch (error) {
      reportFailure(`${shot.name}: ${(error as Error).message.split('\n')[0]}`)
    } finally {
      await page.close()
    }
  }
  console.log(`${screenshotCount} screenshots in out/shots/`)
}

function reportFailure(text: string): void {
  failed++
  console.error(`✗ ${text}`)
}

function options() {
  return { locale: 'en-GB', timezoneId: 'Europe/London', deviceScaleFactor: 1, reducedMotion: 'reduce' as const }
}
