/**
 * `npm run weight`: what the portal's pages weigh on the wire and how soon they are there on a phone on a slow line
 * (Lighthouse, mobile), beside the budgets; writes bench/weight.md and ends with 1 when a page breaks a must. `npm test` checks the bytes by
 * itself (test/e2e/weight.e2e.ts); times depend on the machine and are checked only here.
 *
 *   npm run weight                 all pages, three runs of Lighthouse each
 *   npm run weight -- list "sign"  only pages whose name contains one of these words; weight.md stays as it is
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import lighthouse from 'lighthouse'
import { chromium, type Browser } from 'playwright-core'
import { find, provide } from '../test/debian.ts'
import { freePort, serve } from '../test/serve.ts'
import { BUDGETS, firstLoad, LOOKS, pagesOf, type FirstLoad, type MeasuredPage } from './first-load.ts'

const RUNS = 3
const root = path.resolve(import.meta.dirname, '..')
const wanted = process.argv.slice(2)

/** A figure of Lighthouse's, how it reads, and what it is held to; `most` is better the smaller, `least` the larger. */
const TIMES = [
  { name: 'performance', least: { must: 95, aim: 99 }, shown: (value: number) => value.toFixed(0) },
  { name: 'accessibility', least: { must: 100, aim: 100 }, shown: (value: number) => value.toFixed(0) },
  {
    name: 'largest-contentful-paint',
    most: { must: 1800, aim: 1200 },
    shown: (value: number) => `${(value / 1000).toFixed(2)} s`,
  },
  { name: 'total-blocking-time', most: { must: 100, aim: 30 }, shown: (value: number) => `${value.toFixed(0)} ms` },
  {
    name: 'cumulative-layout-shift',
    most: { must: 0.05, aim: 0 },
    shown: (value: number) => String(Number(value.toFixed(4))),
  },
] as const

type Times = Record<(typeof TIMES)[number]['name'], number>
interface Weighed {
  page: MeasuredPage
  /** The heaviest of the looks. */
  load: FirstLoad
  times: Times
}

const missing = provide(['chromium'])
if (missing.length > 0) {
  console.error(missing.join('\n'))
  process.exit(1)
}
const debugPort = await freePort()
const demo = await serve('--demo')
const browser = await chromium.launch({
  executablePath: find('chromium'),
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    `--remote-debugging-port=${debugPort}`,
  ],
})
try {
  const pages = await pagesOf(demo, browser)
  const weighed: Weighed[] = []
  for (const page of pages.filter((each) => wanted.length === 0 || wanted.some((word) => each.name.includes(word)))) {
    weighed.push(await weigh(browser, page))
    console.log(row(weighed.at(-1)!))
  }
  const missed = weighed.flatMap((each) => verdicts(each, 'must'))
  const short = weighed.flatMap((each) => verdicts(each, 'aim'))
  if (wanted.length === 0) fs.writeFileSync(path.join(root, 'bench/weight.md'), report(weighed, short))
  for (const each of short) console.log(`short of the aim: ${each}`)
  for (const each of missed) console.log(`✗ over budget: ${each}`)
  process.exitCode = missed.length > 0 || weighed.length === 0 ? 1 : 0
} finally {
  await browser.close()
  await demo.stop()
}

async function weigh(browser: Browser, page: MeasuredPage): Promise<Weighed> {
  const loads: FirstLoad[] = []
  for (const { options } of LOOKS) loads.push(await firstLoad(browser, page, options))
  const cookies = (await page.as?.cookies(page.url))?.map(({ name, value }) => `${name}=${value}`).join('; ')
  const runs: Times[] = []
  while (runs.length < RUNS) runs.push(await timesOf(page, cookies))
  const median = (name: keyof Times) => runs.map((each) => each[name]).sort((a, b) => a - b)[Math.floor(RUNS / 2)]!
  return {
    page,
    load: loads.sort((a, b) => b.total - a.total)[0]!,
    times: Object.fromEntries(TIMES.map(({ name }) => [name, median(name)])) as Times,
  }
}

/** One run: a phone on a simulated slow 4G line (150 ms, 1.6 Mbit/s) with a processor four times slower, as Lighthouse has it. */
async function timesOf(page: MeasuredPage, cookies: string | undefined, attempts = 3): Promise<Times> {
  const result = await lighthouse(page.url, {
    port: debugPort,
    logLevel: 'error',
    onlyCategories: ['performance', 'accessibility'],
    ...(cookies && { extraHeaders: { Cookie: cookies } }),
  })
  const { audits, categories, runtimeError, finalDisplayedUrl } = result!.lhr
  // Now and then Chromium's trace lacks its beginning (NO_NAVSTART): nothing was measured, so it is done again.
  if (runtimeError && attempts > 1) return timesOf(page, cookies, attempts - 1)
  if (runtimeError || finalDisplayedUrl !== page.url)
    throw new Error(`${page.url}: ${runtimeError?.message ?? `led to ${finalDisplayedUrl}`}`)
  const score = (name: string) => (categories[name]?.score ?? 0) * 100
  return Object.fromEntries(
    TIMES.map(({ name }) => [name, name in categories ? score(name) : (audits[name]?.numericValue ?? Infinity)]),
  ) as Times
}

/** What a page misses, as sentences. */
function verdicts({ page, load, times }: Weighed, grade: 'must' | 'aim'): string[] {
  if (page.kind === 'office') return []
  const javaScriptKb = page.kind === 'door' ? 0 : BUDGETS.javaScriptKb[grade]
  const bytes = [
    { what: 'JavaScript', value: load.javaScript / 1000, limit: javaScriptKb, shown: kb(load.javaScript) },
    { what: 'everything', value: load.total / 1000, limit: BUDGETS.totalKb[grade], shown: kb(load.total) },
    { what: 'scripts', value: load.scripts, limit: BUDGETS.scripts[grade], shown: String(load.scripts) },
  ].map((each) => ({ ...each, missed: each.value > each.limit, goal: `at most ${each.limit}` }))
  const measured = TIMES.map((each) => {
    const value = times[each.name]
    const missed = 'least' in each ? value < each.least[grade] : Number(value.toFixed(4)) > each.most[grade]
    return {
      what: each.name,
      missed,
      shown: each.shown(value),
      goal: 'least' in each ? `at least ${each.least[grade]}` : `at most ${each.shown(each.most[grade])}`,
    }
  })
  return [...bytes, ...measured]
    .filter((each) => each.missed)
    .map((each) => `${page.name}, ${each.what}: ${each.shown} (${each.goal})`)
}

function kb(bytes: number): string {
  return (bytes / 1000).toFixed(1)
}

function row({ page, load, times }: Weighed): string {
  const parts = (kind: string) =>
    kb(load.fetched.filter((each) => each.kind === kind).reduce((bytes, each) => bytes + each.bytes, 0))
  const cells = [
    page.name,
    kb(load.javaScript),
    load.scripts,
    kb(load.total),
    load.fetched.length,
    parts('page'),
    parts('style'),
    parts('font'),
    parts('picture'),
    ...TIMES.map(({ name, shown }) => shown(times[name])),
  ]
  return `| ${cells.join(' | ')} |`
}

function report(weighed: Weighed[], short: string[]): string {
  const version = (name: string) =>
    (JSON.parse(fs.readFileSync(path.join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string })
      .version
  const { must, aim } = { must: grades('must'), aim: grades('aim') }
  return `# What the portal weighs

Made by \`npm run weight\` on ${new Date().toISOString().slice(0, 10)}: ${os.cpus().length} × ${os.cpus()[0]?.model ?? 'processor'}, Node ${process.versions.node}, Chromium ${browser.version()},
Lighthouse ${version('lighthouse')} (mobile: 150 ms, 1.6 Mbit/s, processor four times slower; median of ${RUNS}). The demo's data, an empty cache, brotli. KB are
1,000 bytes as they travel, headers included. The office's list stands beside them for information.

| Page | JS KB | scripts | all KB | requests | page | styles | fonts | pictures | performance | accessibility | LCP | TBT | CLS |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
${[...weighed.map(row), must, aim].join('\n')}

Doors (sign in, sign up, activation, reset) must have no JavaScript at all. ${short.length === 0 ? 'Every aim is reached.' : `Short of an aim:\n\n${short.map((each) => `- ${each}`).join('\n')}`}
`
}

function grades(grade: 'must' | 'aim'): string {
  const times = TIMES.map((each) => ('least' in each ? `≥ ${each.least[grade]}` : `≤ ${each.shown(each.most[grade])}`))
  return `| **${grade}** | ≤ ${BUDGETS.javaScriptKb[grade]} | ≤ ${BUDGETS.scripts[grade]} | ≤ ${BUDGETS.totalKb[grade]} | | | | | | ${times.join(' | ')} |`
}
