/// <reference lib="dom" />
/**
 * Measures the first load of a page: every request of a browser with an empty cache, in bytes on the wire. Used by
 * `npm run weight` (reports) and `weight.e2e.ts` (enforces).
 */
import { randomUUID } from 'node:crypto'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { signedIn, type Server } from '../test/serve.ts'

/** One response that a page loaded. */
export interface FetchedResponse {
  url: string
  status: number
  kind: 'page' | 'script' | 'style' | 'font' | 'picture' | 'other'
  /** Headers and compressed body on the wire. */
  bytes: number
  /** Names in lower case. */
  headers: Record<string, string>
}

export interface FirstLoad {
  responses: FetchedResponse[]
  /** Bytes of all responses; `javaScript` counts scripts only. */
  total: number
  javaScript: number
  scripts: number
  /** Inline scripts; their bytes count towards the page. */
  inlineScripts: number
}

export interface MeasuredPage {
  name: string
  url: string
  /** The signed-in session; anonymous without one. */
  session?: BrowserContext
  /** `app`: JavaScript within a budget. `auth`: no JavaScript. `office`: JavaScript within a budget of its own, the rest reported. */
  kind: 'app' | 'auth' | 'office'
}

/** Kilobytes of JavaScript that the office's list must meet and aims for. */
export const OFFICE_JAVASCRIPT_KB = { must: 61, aim: 60 }

/** Budgets a page must meet and aims for; a KB is 1,000 bytes. */
export const BUDGETS = {
  javaScriptKb: { must: 100, aim: 40 },
  totalKb: { must: 170, aim: 90 },
  scripts: { must: 12, aim: 8 },
}

export const DEVICES: { device: string; options: BrowserContextOptions }[] = [
  { device: 'desktop', options: { viewport: { width: 1280, height: 900 } } },
  {
    device: 'phone',
    options: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  },
]

/**
 * The measured pages on the demo's data: the longest list (50 rows), a job with photos, comments and documents, both
 * booking steps, the sign-in pages with valid links, and the office's job list for comparison.
 */
export async function pagesOf(demo: Server, browser: Browser): Promise<MeasuredPage[]> {
  const portal = (to: string) => `http://harbour.localhost:${demo.port}${to}`
  const contextOptions = { locale: 'en-GB' }
  const anonymous = await browser.newContext(contextOptions)
  const naveed = await signedIn(browser, portal('/sign-in'), 'naveed@docksidelettings.example', contextOptions)
  const eleanor = await signedIn(browser, portal('/sign-in'), 'eleanor.finch@post.example', contextOptions)
  const ruth = await signedIn(browser, `${demo.url}/office/sign-in`, 'ruth@harbour-repair.example', contextOptions)
  const jobs = await fetchJson<{ rows: { id: string; status: string }[] }>(
    eleanor,
    portal('/api/v1/portal/harbour/jobs'),
  )
  const bookable = await fetchJson<{ templates: { id: string }[] }>(
    eleanor,
    portal('/api/v1/portal/harbour/booking-options'),
  )
  const started = jobs.rows.find((each) => each.status === 'progress')!
  const page = await anonymous.newPage()
  const activation = await openMailLink(page, demo, /martha\.okonkwo@post\.example/)
  await page.goto(portal('/forgot-password'))
  await page.getByLabel(/^Email/).fill('eleanor.finch@post.example')
  await page.locator('main form').getByRole('button').click()
  await page.waitForLoadState()
  const reset = await openMailLink(page, demo, /eleanor\.finch@post\.example[\s\S]*password/i)
  await anonymous.close()
  return [
    { name: 'list', url: portal('/jobs'), session: naveed, kind: 'app' },
    { name: 'job', url: portal(`/jobs/${started.id}`), session: eleanor, kind: 'app' },
    { name: 'create: tiles', url: portal('/jobs/new'), session: eleanor, kind: 'app' },
    {
      name: 'create: form',
      // As a tile leads to it.
      url: portal(`/jobs/new/${bookable.templates[0]!.id}?form=${randomUUID()}`),
      session: eleanor,
      kind: 'app',
    },
    { name: 'sign in', url: portal('/sign-in'), kind: 'auth' },
    { name: 'sign up', url: portal('/signup'), kind: 'auth' },
    { name: 'activation', url: activation, kind: 'auth' },
    { name: 'reset', url: reset, kind: 'auth' },
    { name: 'office: list', url: `${demo.url}/office/harbour/jobs`, session: ruth, kind: 'office' },
  ]
}

/** Opens a page with an empty cache and waits until the network is idle. */
export async function firstLoad(
  browser: Browser,
  { url, session }: MeasuredPage,
  options: BrowserContextOptions,
): Promise<FirstLoad> {
  const context = await browser.newContext({ ...options, locale: 'en-GB', storageState: await session?.storageState() })
  try {
    const page = await context.newPage()
    const network = await context.newCDPSession(page)
    const responsesById = new Map<string, FetchedResponse>()
    const failures: string[] = []
    network.on('Network.responseReceived', ({ requestId, type, response }) => {
      const headers = Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]),
      )
      responsesById.set(requestId, {
        url: response.url,
        status: response.status,
        kind: kindOf(type, response.mimeType),
        bytes: 0,
        headers,
      })
    })
    network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      const response = responsesById.get(requestId)
      if (response) response.bytes = encodedDataLength
    })
    network.on('Network.loadingFailed', ({ errorText }) => failures.push(errorText))
    await network.send('Network.enable')
    const reply = await page.goto(url, { waitUntil: 'networkidle' })
    // The token of a mailed link leaves the address.
    const withoutToken = `${url.slice(0, url.lastIndexOf('/'))}/~`
    const isThisPage = page.url() === url || page.url().startsWith(withoutToken)
    if (reply?.status() !== 200 || !isThisPage || failures.length > 0)
      throw new Error(`${url} became ${page.url()} (${reply?.status()}) ${failures.join(', ')}`)
    const responses = [...responsesById.values()].filter((each) => !each.url.startsWith('data:'))
    const scripts = responses.filter((each) => each.kind === 'script')
    return {
      responses,
      total: sumBytes(responses),
      javaScript: sumBytes(scripts),
      scripts: scripts.length,
      inlineScripts: await page.locator('script:not([src])').count(),
    }
  } finally {
    await context.close()
  }
}

const sumBytes = (responses: FetchedResponse[]) => responses.reduce((bytes, each) => bytes + each.bytes, 0)

function kindOf(type: string, mimeType: string): FetchedResponse['kind'] {
  // A preloaded module has no type of its own.
  if (type === 'Script' || mimeType.includes('javascript')) return 'script'
  const kinds: Record<string, FetchedResponse['kind']> = {
    Document: 'page',
    Stylesheet: 'style',
    Font: 'font',
    Image: 'picture',
  }
  return kinds[type] ?? 'other'
}

async function fetchJson<T>(context: BrowserContext, url: string): Promise<T> {
  const page = await context.newPage()
  await page.goto(url)
  const body = JSON.parse(await page.evaluate(() => document.body.textContent)) as T
  await page.close()
  return body
}

/** Returns the link of the newest mail in the demo's mailbox whose row matches. */
async function openMailLink(page: Page, demo: Server, mail: RegExp): Promise<string> {
  await page.goto(`${demo.url}/mailbox`)
  await page.getByRole('link', { name: mail }).first().click()
  return (await page.getByRole('link', { name: 'Open link' }).getAttribute('href'))!
}
