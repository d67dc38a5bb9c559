/// <reference lib="dom" />
/**
 * What the first look at a page costs: every request of a browser with an empty cache, in bytes as they travel. Used by
 * `npm run weight` (which prints) and by the journey `weight.e2e.ts` (which insists).
 */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { signedIn, type Server } from '../test/serve.ts'

/** One answer that a page needed. */
export interface Fetched {
  url: string
  status: number
  kind: 'page' | 'script' | 'style' | 'font' | 'picture' | 'other'
  /** Headers and body as they travelled, compressed. */
  bytes: number
  /** Names in lower case. */
  headers: Record<string, string>
}

export interface FirstLoad {
  fetched: Fetched[]
  /** Bytes of everything, and of the scripts alone. */
  total: number
  javaScript: number
  scripts: number
  /** Scripts written into the page itself; what they weigh is in the page's own bytes. */
  inlineScripts: number
}

export interface MeasuredPage {
  name: string
  url: string
  /** Signed in like this; nobody, without it. */
  as?: BrowserContext
  /** `app`: JavaScript within a budget. `door`: none at all. `office`: for information, no budget. */
  kind: 'app' | 'door' | 'office'
}

/** KB are a thousand bytes, as networks count. What a page must keep to, and what we aim at. */
export const BUDGETS = {
  javaScriptKb: { must: 100, aim: 40 },
  totalKb: { must: 170, aim: 90 },
  scripts: { must: 12, aim: 8 },
}

export const LOOKS: { device: string; options: BrowserContextOptions }[] = [
  { device: 'desktop', options: { viewport: { width: 1280, height: 900 } } },
  {
    device: 'phone',
    options: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  },
]

/**
 * The portal's pages with the demo's data, and how to get there: the longest list (50 rows), a job with pictures, messages
 * and papers, both steps of booking, and the doors with letters that really open them. The office's list stands beside them.
 */
export async function pagesOf(demo: Server, browser: Browser): Promise<MeasuredPage[]> {
  const portal = (to: string) => `http://harbour.localhost:${demo.port}${to}`
  const open = { locale: 'en-GB' }
  const nobody = await browser.newContext(open)
  const naveed = await signedIn(browser, portal('/sign-in'), 'naveed@docksidelettings.example', open)
  const eleanor = await signedIn(browser, portal('/sign-in'), 'eleanor.finch@post.example', open)
  const ruth = await signedIn(browser, `${demo.url}/office/sign-in`, 'ruth@harbour-repair.example', open)
  const jobs = await answer<{ rows: { id: string; status: string }[] }>(eleanor, portal('/api/v1/portal/harbour/jobs'))
  const bookable = await answer<{ templates: { id: string }[] }>(eleanor, portal('/api/v1/portal/harbour/bookable'))
  const started = jobs.rows.find((each) => each.status === 'progress')!
  const page = await nobody.newPage()
  const activation = await linkOf(page, demo, /martha\.okonkwo@post\.example/)
  await page.goto(portal('/forgot-password'))
  await page.getByLabel(/^Email/).fill('eleanor.finch@post.example')
  await page.locator('main form').getByRole('button').click()
  await page.waitForLoadState()
  const reset = await linkOf(page, demo, /eleanor\.finch@post\.example[\s\S]*password/i)
  await nobody.close()
  return [
    { name: 'list', url: portal('/jobs'), as: naveed, kind: 'app' },
    { name: 'job', url: portal(`/jobs/${started.id}`), as: eleanor, kind: 'app' },
    { name: 'create: tiles', url: portal('/jobs/new'), as: eleanor, kind: 'app' },
    { name: 'create: form', url: portal(`/jobs/new/${bookable.templates[0]!.id}`), as: eleanor, kind: 'app' },
    { name: 'sign in', url: portal('/sign-in'), kind: 'door' },
    { name: 'sign up', url: portal('/signup'), kind: 'door' },
    { name: 'activation', url: activation, kind: 'door' },
    { name: 'reset', url: reset, kind: 'door' },
    { name: 'office: list', url: `${demo.url}/office/harbour/jobs`, as: ruth, kind: 'office' },
  ]
}

/** Opens a page as somebody who has never been there and waits until nothing more comes. */
export async function firstLoad(
  browser: Browser,
  { url, as }: MeasuredPage,
  options: BrowserContextOptions,
): Promise<FirstLoad> {
  const context = await browser.newContext({ ...options, locale: 'en-GB', storageState: await as?.storageState() })
  try {
    const page = await context.newPage()
    const network = await context.newCDPSession(page)
    const asked = new Map<string, Fetched>()
    const lost: string[] = []
    network.on('Network.responseReceived', ({ requestId, type, response }) => {
      const headers = Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]),
      )
      asked.set(requestId, {
        url: response.url,
        status: response.status,
        kind: kindOf(type, response.mimeType),
        bytes: 0,
        headers,
      })
    })
    network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      const one = asked.get(requestId)
      if (one) one.bytes = encodedDataLength
    })
    network.on('Network.loadingFailed', ({ errorText }) => lost.push(errorText))
    await network.send('Network.enable')
    const reply = await page.goto(url, { waitUntil: 'networkidle' })
    if (reply?.status() !== 200 || page.url() !== url || lost.length > 0)
      throw new Error(`${url} became ${page.url()} (${reply?.status()}) ${lost.join(', ')}`)
    const fetched = [...asked.values()].filter((each) => !each.url.startsWith('data:'))
    const scripts = fetched.filter((each) => each.kind === 'script')
    return {
      fetched,
      total: sum(fetched),
      javaScript: sum(scripts),
      scripts: scripts.length,
      inlineScripts: await page.locator('script:not([src])').count(),
    }
  } finally {
    await context.close()
  }
}

const sum = (fetched: Fetched[]) => fetched.reduce((bytes, each) => bytes + each.bytes, 0)

function kindOf(type: string, mimeType: string): Fetched['kind'] {
  // A preloaded module is of no type of its own, but it is a script.
  if (type === 'Script' || mimeType.includes('javascript')) return 'script'
  const kinds: Record<string, Fetched['kind']> = {
    Document: 'page',
    Stylesheet: 'style',
    Font: 'font',
    Image: 'picture',
  }
  return kinds[type] ?? 'other'
}

async function answer<T>(as: BrowserContext, url: string): Promise<T> {
  const page = await as.newPage()
  await page.goto(url)
  const said = JSON.parse(await page.evaluate(() => document.body.textContent)) as T
  await page.close()
  return said
}

/** The link in the newest mail whose line in the demo's mailbox says so. */
async function linkOf(page: Page, demo: Server, mail: RegExp): Promise<string> {
  await page.goto(`${demo.url}/mailbox`)
  await page.getByRole('link', { name: mail }).first().click()
  return (await page.getByRole('link', { name: 'Follow the link' }).getAttribute('href'))!
}
