/**
 * `npm run shots`: every page of the product as people see it, 1280 and 390 wide, light and dark, into out/shots/.
 * It starts the product twice on databases of its own: with the demo, and empty (for the set-up). The pages are read from
 * src/web/routes; one that is not listed below is an error, so that none is forgotten.
 *
 *   npm run shots                       all of them
 *   npm run shots -- portal-job office  only those whose name contains one of these words
 */
import fs from 'node:fs'
import path from 'node:path'
import { chromium, type BrowserContext, type Page } from 'playwright-core'
import { find, provide } from './debian.ts'
import { serve, signedIn } from './serve.ts'

const root = path.resolve(import.meta.dirname, '..')
const target = path.join(root, 'out/shots')
const wanted = process.argv.slice(2)

type Who = 'nobody' | 'ruth' | 'grace' | 'eleanor'
interface Shot {
  /** Route, as its folder is called; several shots may be of one. */
  route: string
  name: string
  who: Who
  /** Where to look, or how to get there. */
  at: string | ((page: Page) => Promise<string>)
}

const missing = provide(['chromium'])
if (missing.length > 0) {
  console.error(missing.join('\n'))
  process.exit(1)
}
const [demo, empty] = await Promise.all([serve('--demo'), serve()])
const browser = await chromium.launch({
  executablePath: find('chromium'),
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
  const as: Record<Who, BrowserContext> = {
    nobody: await browser.newContext(options()),
    ruth: await signedIn(browser, `${demo.url}/office/sign-in`, 'ruth@harbour-repair.example', options()),
    grace: await signedIn(browser, `${demo.url}/office/sign-in`, 'grace@backoffice.example', options()),
    eleanor: await signedIn(browser, portal('/sign-in'), 'eleanor.finch@post.example', options()),
  }
  const ask = async <T>(who: Who, to: string): Promise<T> => {
    const page = await as[who].newPage()
    await page.goto(to)
    const answer = JSON.parse(await page.evaluate(() => document.body.textContent)) as T
    await page.close()
    return answer
  }
  type Rows<T = { id: string }> = { rows: (T & { id: string })[] }
  const api = (to: string) => `${demo.url}/api/v1/office/harbour${to}`
  const jobs = (await ask<Rows<{ status: string; title: string }>>('ruth', api('/jobs'))).rows
  const job = (jobs.find((each) => each.status === 'started') ?? jobs[0]!).id
  const open = (jobs.find((each) => each.status === 'unassigned') ?? jobs[0]!).id
  const customer = (await ask<Rows<{ name: string }>>('ruth', api('/customers?search=Eleanor%20Finch'))).rows[0]!.id
  const { contacts, sites } = await ask<{ contacts: { id: string }[]; sites: { id: string }[] }>(
    'ruth',
    api(`/customers/${customer}`),
  )
  const template = await ask<{ templates?: { id: string }[]; rows?: { id: string }[] }>('ruth', api('/templates'))
  const templates = template.templates ?? template.rows ?? []
  const users = (await ask<Rows<{ name: string | null; email: string }>>('ruth', api('/portal-users'))).rows
  const naveed = users.find((each) => each.name === 'Naveed Aslam')!.id
  const message = (await ask<Rows>('ruth', api('/messages'))).rows[0]!.id
  const mine = (await ask<Rows<{ status: string }>>('eleanor', portal('/api/v1/portal/harbour/jobs'))).rows
  const booked = (mine.find((each) => each.status === 'requested') ?? mine[0]!).id
  const coming = (mine.find((each) => each.status === 'scheduled') ?? mine[0]!).id
  const bookable = (await ask<{ templates: { id: string }[] }>('eleanor', portal('/api/v1/portal/harbour/bookable')))
    .templates[0]!.id

  /** Does something that sends a mail, and answers the link in it. */
  const mailed =
    (deed: (page: Page) => Promise<void>, subject: RegExp) =>
    async (page: Page): Promise<string> => {
      await deed(page)
      return linkOf(page, subject)
    }
  const linkOf = async (page: Page, subject: RegExp): Promise<string> => {
    await page.goto(`${demo.url}/mailbox`)
    await page.getByRole('link', { name: subject }).first().click()
    return (await page.getByRole('link', { name: 'Open link' }).getAttribute('href'))!
  }
  const forgot = (at: string, email: string) => async (page: Page) => {
    await page.goto(at)
    await page.getByLabel(/^Email/).fill(email)
    await page.getByRole('button').filter({ hasText: /./ }).first().click()
    await page.waitForLoadState()
  }
  const invite = async () => {
    const page = await as.ruth.newPage()
    await page.goto(office('/settings/staff?invite=1'))
    await page
      .getByLabel(/^Email/)
      .first()
      .fill('june@harbour-repair.example')
    await page
      .locator('main form')
      .filter({ has: page.getByLabel(/^Email/) })
      .getByRole('button')
      .click()
    await page.waitForURL(/done=invited/)
    await page.close()
  }
  const changeEmail = async () => {
    const page = await as.ruth.newPage()
    await page.goto(office(`/settings/portal/users/${naveed}`))
    await page
      .locator('details')
      .filter({ hasText: 'Change email' })
      .last()
      .evaluate((each: HTMLDetailsElement) => {
        each.open = true
      })
      .catch(() => {})
    await page.getByLabel(/New email/).fill('naveed@dockside.example')
    await page.getByRole('button', { name: 'Change email' }).click()
    await page.waitForURL(/done=/)
    await page.close()
  }
  const nobody = (route: string, name: string, at: Shot['at']): Shot => ({ route, name, who: 'nobody', at })
  const ruth = (route: string, name: string, at: string): Shot => ({
    route: `office/[account]${route}`,
    name: `office-${name}`,
    who: 'ruth',
    at: office(at),
  })
  const eleanor = (route: string, name: string, at: string): Shot => ({
    route: `p/[portal]${route}`,
    name: `portal-${name}`,
    who: 'eleanor',
    at: portal(at),
  })
  const door = (route: string, name: string, at: Shot['at']): Shot => ({
    route: `p/[portal]/(auth)${route}`,
    name: `portal-${name}`,
    who: 'nobody',
    at: typeof at === 'string' ? portal(at) : at,
  })

  const shots: Shot[] = [
    nobody('', 'landing', demo.url),
    nobody('set-up/[token]', 'set-up', /http\S+\/set-up\/\S+/.exec(empty.printed())![0]),
    nobody('office/sign-in', 'office-sign-in', `${demo.url}/office/sign-in`),
    nobody('office/forgot-password', 'office-forgot-password', `${demo.url}/office/forgot-password`),
    nobody(
      'office/reset-password/[token]',
      'office-reset-password',
      mailed(forgot(`${demo.url}/office/forgot-password`, 'ben@harbour-repair.example'), /ben@harbour-repair\.example/),
    ),
    nobody('office/join/[token]', 'office-join', mailed(invite, /june@harbour-repair\.example/)),
    { route: 'office', name: 'office-accounts', who: 'grace', at: `${demo.url}/office` },
    { route: 'office/sign-out', name: 'office-sign-out', who: 'ruth', at: `${demo.url}/office/sign-out` },
    ruth('', 'home', ''),
    ruth('/jobs', 'jobs', '/jobs'),
    ruth('/jobs', 'jobs-panel', `/jobs?job=${open}`),
    ruth('/jobs', 'jobs-no-match', '/jobs?q=zebra'),
    ruth('/jobs', 'jobs-plan', `/jobs?job=${open}&do=schedule`),
    ruth('/jobs/new', 'job-new', '/jobs/new'),
    ruth('/jobs/new', 'job-new-form', `/jobs/new?customer=${customer}&template=${templates[0]!.id}`),
    ruth('/jobs/[job]', 'job', `/jobs/${job}`),
    ruth('/jobs/[job]', 'job-cancel', `/jobs/${open}?do=cancel`),
    ruth('/jobs/[job]/edit', 'job-edit', `/jobs/${open}/edit`),
    ruth('/customers', 'customers', '/customers'),
    ruth('/customers/new', 'customer-new', '/customers/new'),
    ruth('/customers/[customer]', 'customer', `/customers/${customer}`),
    ruth('/customers/[customer]/edit', 'customer-edit', `/customers/${customer}/edit`),
    ruth('/customers/[customer]/contacts/new', 'contact-new', `/customers/${customer}/contacts/new`),
    ruth('/customers/[customer]/contacts/[contact]', 'contact', `/customers/${customer}/contacts/${contacts[0]!.id}`),
    ruth('/customers/[customer]/sites/new', 'site-new', `/customers/${customer}/sites/new`),
    ruth('/customers/[customer]/sites/[site]', 'site', `/customers/${customer}/sites/${sites[0]!.id}`),
    ruth('/messages', 'messages', '/messages'),
    ruth('/messages/[message]', 'message', `/messages/${message}`),
    ruth('/profile', 'profile', '/profile'),
    ruth('/settings', 'settings', '/settings'),
    ruth('/settings/business', 'business', '/settings/business'),
    ruth('/settings/staff', 'staff', '/settings/staff'),
    ruth('/settings/staff', 'staff-invite', '/settings/staff?invite=1'),
    ruth('/settings/templates', 'templates', '/settings/templates'),
    ruth('/settings/templates/new', 'template-new', '/settings/templates/new'),
    ruth('/settings/templates/[template]', 'template', `/settings/templates/${templates[0]!.id}`),
    ruth('/settings/portal', 'portal-settings', '/settings/portal'),
    ruth('/settings/portal/users', 'portal-users', '/settings/portal/users'),
    ruth('/settings/portal/users', 'portal-users-remove', `/settings/portal/users?remove=${naveed}`),
    ruth('/settings/portal/users/new', 'portal-user-new', '/settings/portal/users/new'),
    ruth('/settings/portal/users/[user]', 'portal-user', `/settings/portal/users/${naveed}`),
    { route: 'office/[account]', name: 'office-not-found', who: 'ruth', at: office('/nowhere') },
    door('/sign-in', 'sign-in', '/sign-in'),
    door('/sign-in', 'sign-in-check-email', '/sign-in?sent=martha%40post.example'),
    { ...door('/sign-in', 'sign-in-private', ''), at: `http://northside.localhost:${demo.port}/sign-in` },
    door('/signup', 'sign-up', '/signup'),
    door('/forgot-password', 'forgot-password', '/forgot-password'),
    door('/resend-activation', 'resend-activation', '/resend-activation'),
    door('/activate/[token]', 'activate', (page) => linkOf(page, /martha\.okonkwo@post\.example/)),
    door('/activate/[token]', 'activate-invited', (page) => linkOf(page, /reception@southville\.example/)),
    door('/activate/[token]', 'activate-unknown', '/activate/unknown'),
    door(
      '/reset-password/[token]',
      'reset-password',
      mailed(forgot(portal('/forgot-password'), 'eleanor.finch@post.example'), /eleanor\.finch@post\.example/),
    ),
    door('/confirm-email/[token]', 'confirm-email', mailed(changeEmail, /naveed@dockside\.example/)),
    eleanor('/jobs', 'jobs', '/jobs'),
    eleanor('/jobs', 'jobs-no-match', '/jobs?q=zebra'),
    eleanor('/jobs/[job]', 'job', `/jobs/${coming}`),
    eleanor('/jobs/[job]', 'job-requested', `/jobs/${booked}`),
    eleanor('/jobs/[job]', 'job-cancel', `/jobs/${coming}?confirm=cancel`),
    eleanor('/jobs/[job]/edit', 'job-edit', `/jobs/${booked}/edit`),
    eleanor('/jobs/new', 'job-new', '/jobs/new'),
    eleanor('/jobs/new/[template]', 'job-new-form', `/jobs/new/${bookable}`),
    eleanor('/account', 'account', '/account'),
    eleanor('/jobs', 'not-found', '/nowhere'),
    nobody('mailbox', 'mailbox', `${demo.url}/mailbox`),
    nobody('mailbox/[message]', 'mailbox-message', async (page) => {
      await linkOf(page, /martha\.okonkwo@post\.example/)
      return page.url()
    }),
  ]
  // These only lead on to another page.
  const leading = ['p/[portal]/(auth)', 'p/[portal]/(auth)/login', 'p/[portal]/(auth)/sign-up', 'p/[portal]/sign-out']
  const routes = fs
    .globSync('**/+page.svelte', { cwd: path.join(root, 'src/web/routes') })
    .map((file) => path.dirname(file).replace(/^\.$/, ''))
  const listed = new Set([...shots.map((shot) => shot.route), ...leading])
  for (const route of routes.filter((each) => !listed.has(each)))
    fault(`no shot of ${route || '/'}: list it in test/shots.ts`)
  for (const route of [...listed].filter((each) => !routes.includes(each)))
    fault(`there is no page ${route}: take it out of test/shots.ts`)

  if (wanted.length === 0) fs.rmSync(target, { recursive: true, force: true })
  fs.mkdirSync(target, { recursive: true })
  let taken = 0
  for (const shot of shots.filter((each) => wanted.length === 0 || wanted.some((word) => each.name.includes(word)))) {
    const page = await as[shot.who].newPage()
    page.setDefaultTimeout(20_000)
    try {
      const at = typeof shot.at === 'string' ? shot.at : await shot.at(page)
      for (const [device, width, height] of [
        ['desktop', 1280, 860],
        ['phone', 390, 844],
      ] as const) {
        await page.setViewportSize({ width, height })
        const answer = await page.goto(at, { waitUntil: 'load' })
        if (answer && answer.status() >= 400 && !shot.name.includes('not-found'))
          throw new Error(`${at} answered ${answer.status()}`)
        await page.evaluate(() => document.fonts.ready)
        const wide = await page.evaluate(() => document.documentElement.scrollWidth)
        if (wide > width) fault(`${shot.name} is ${wide} px wide on a ${device} of ${width}`)
        // A page that is as tall as the window has nothing stuck in its middle. A dialog stands in a window as people have it.
        const dialog = (await page.locator('dialog[open]').count()) > 0
        const tall = await page.evaluate(() => document.documentElement.scrollHeight)
        if (!dialog && tall > height) await page.setViewportSize({ width, height: Math.min(tall, 6000) })
        for (const scheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
          await page.screenshot({
            path: path.join(target, `${shot.name}-${device}${scheme === 'dark' ? '-dark' : ''}.png`),
            fullPage: !dialog,
          })
          taken++
        }
      }
    } catch (error) {
      fault(`${shot.name}: ${(error as Error).message.split('\n')[0]}`)
    } finally {
      await page.close()
    }
  }
  console.log(`${taken} screenshots in out/shots/`)
}

function fault(text: string): void {
  failed++
  console.error(`✗ ${text}`)
}

function options() {
  return { locale: 'en-GB', timezoneId: 'Europe/London', deviceScaleFactor: 1, reducedMotion: 'reduce' as const }
}
