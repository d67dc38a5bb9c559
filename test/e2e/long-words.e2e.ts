/// <reference lib="dom" />
/** Words of 300 characters in every field: no page scrolls sideways, and no text leaves its place. */
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { createRecords, fillPath, pagesBelow } from '../every-page.fixtures.ts'
import { createLongRecords, longWord } from '../long-words.fixtures.ts'
import { closeAll, startAppServer, visitor, type Visitor } from './browser.ts'
import { mainAt, portalAt, signInToOffice, signInToPortal } from './steps.ts'

afterAll(closeAll)

const WIDTHS = [1280, 640, 390]
/** A4 between its margins. */
const PAPER = 680

async function openOffice() {
  const server = await startAppServer()
  const { business, records } = await createLongRecords(server)
  const { account, customer, contact, template, job, user } = records
  const paths = pagesBelow('office/[account]').map((path) => fillPath(`/office/[account]${path}`, records))
  const states = [
    `/jobs?job=${job}`,
    `/jobs?job=${job}&tab=comments`,
    `/jobs?job=${job}&tab=files`,
    `/jobs?job=${job}&tab=history`,
    `/jobs?job=${job}&do=schedule`,
    `/jobs?q=${longWord()}`,
    `/jobs/${job}?do=cancel`,
    `/jobs/new?customer=${customer}&template=${template}`,
    `/customers/${customer}/contacts/${contact}?remove=true`,
    '/settings/staff?invite=1',
    `/settings/portal/users?remove=${user}`,
    `/customers?q=${longWord()}`,
  ]
  const urls = [...paths, ...states.map((path) => `/office/${account}${path}`)].map((path) => mainAt(server, path))
  const person = await visitor('desktop', { keyboard: false })
  await signInToOffice(person, server, business.owner.email)
  return { person, urls, server, records }
}

async function openPortal() {
  const server = await startAppServer()
  const { business, records, user } = await createLongRecords(server)
  const at = (path: string) => portalAt(server, business.slug, path)
  const paths = pagesBelow('p/[portal]').filter((path) => !path.startsWith('/(auth)'))
  const states = [`/jobs/${records.job}?confirm=cancel`, `/jobs?q=${longWord()}`]
  const person = await visitor('desktop', { keyboard: false })
  const auth = pagesBelow('p/[portal]/(auth)')
  await signInToPortal(person, server, business.slug, user.email)
  return { person, urls: [...paths.map((path) => fillPath(path, records)), ...states].map(at), auth: auth.map(at) }
}

/** Pages that scroll sideways, and texts that reach out of what they belong to, at each width. */
async function findOverflow(page: Page, urls: string[], widths = WIDTHS): Promise<string[]> {
  const faults: string[] = []
  for (const url of urls) {
    await page.goto(url, { waitUntil: 'load' })
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 })
      const at = `${new URL(page.url()).pathname.replaceAll(/[0-9a-f-]{36}/g, '…')} ${new URL(url).search.slice(0, 20)}`
      for (const fault of await page.evaluate(measureTexts)) faults.push(`${at} at ${width}: ${fault}`)
    }
  }
  return faults
}

/** Runs in the page. What scrolls or cuts inside a box of its own is in its place. */
function measureTexts(): string[] {
  const faults = new Set<string>()
  const { scrollWidth } = document.documentElement
  if (scrollWidth > innerWidth) faults.add(`the page is ${scrollWidth} pixels wide`)
  const name = (each: Element) => `${each.tagName.toLowerCase()}.${each.classList.value}`
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const parent = texts.currentNode.parentElement!
    if (!texts.currentNode.textContent!.trim() || parent.closest('.sr, option, script') || !parent.checkVisibility())
      continue
    const range = document.createRange()
    range.selectNodeContents(texts.currentNode)
    const right = Math.max(...[...range.getClientRects()].map((rect) => rect.right))
    for (const { 0: word, index } of texts.currentNode.textContent!.matchAll(
      /(?<=^|\s)\p{L}{2,14}(?=[.,:;?!…]?(\s|$))/gu,
    )) {
      range.setStart(texts.currentNode, index)
      range.setEnd(texts.currentNode, index + word.length)
      if (new Set([...range.getClientRects()].map((rect) => Math.round(rect.top))).size < 2) continue
      faults.add(`“${word}” is broken in ${name(parent)}`)
    }
    for (let box: Element | null = parent; box && box !== document.body; box = box.parentElement) {
      const style = getComputedStyle(box)
      if (style.overflowX !== 'visible') break
      if (style.display.startsWith('inline') && !style.display.includes('-')) continue
      if (style.display === 'contents') continue
      // A space hangs at the end of a line.
      if (right <= box.getBoundingClientRect().right + 5) continue
      faults.add(`${name(parent)} leaves ${name(box)}`)
      break
    }
  }
  return [...faults]
}

/** The pages of a business with ordinary words, where none of them may be broken. */
async function openOrdinary() {
  const server = await startAppServer()
  const { business, records, user } = await createRecords(server)
  const office = pagesBelow('office/[account]').map((path) => fillPath(`/office/[account]${path}`, records))
  const panel = `/office/${business.slug}/jobs?job=${records.job}`
  const portal = pagesBelow('p/[portal]').filter((path) => !path.startsWith('/(auth)'))
  const staff = await visitor('desktop', { keyboard: false })
  await signInToOffice(staff, server, business.owner.email)
  const customer = await visitor('desktop', { keyboard: false })
  await signInToPortal(customer, server, business.slug, user.email)
  return {
    staff,
    office: [...office, panel].map((path) => mainAt(server, path)),
    customer,
    portal: portal.map((path) => portalAt(server, business.slug, fillPath(path, records))),
  }
}

describe('Ordinary words', () => {
  it('are broken nowhere', async () => {
    const { staff, office, customer, portal } = await openOrdinary()
    const widths = [1280, 390, 320]
    expect(await findOverflow(staff.page, office, widths)).toEqual([])
    expect(await findOverflow(customer.page, portal, widths)).toEqual([])
    await staff.close()
    await customer.close()
  })
})

describe('Words without a break', () => {
  it('stay in their place on every page of the office', async () => {
    const { person, urls } = await openOffice()
    expect(await findOverflow(person.page, urls)).toEqual([])
    await person.close()
  })

  it('stay in their place on every page of the portal and of signing in', async () => {
    const { person, urls, auth } = await openPortal()
    const anyone = await visitor('desktop', { keyboard: false })
    expect(await findOverflow(anyone.page, auth)).toEqual([])
    expect(await findOverflow(person.page, urls)).toEqual([])
    await person.close()
  })

  it('stay in their place on paper', async () => {
    const { person, urls } = await openOffice()
    await person.page.emulateMedia({ media: 'print' })
    const printed = urls.filter((url) => /\/(jobs|customers)(\/[0-9a-f-]{36})?$/.test(url))
    expect(await findOverflow(person.page, printed, [PAPER])).toEqual([])
    await person.close()
  })

  it('stay in their place in emails and in the mailbox', async () => {
    const { person, server, records } = await openOffice()
    const messages = await readMessages(person, mainAt(server, `/api/v1/office/${records.account}/messages`))
    expect(messages.length).toBeGreaterThan(2)
    const mails = messages.map((id) => mainAt(server, `/api/v1/office/${records.account}/messages/${id}/html`))
    expect(await findOverflow(person.page, mails, [1280, 390])).toEqual([])
    const pages = ['', ...messages.flatMap((id) => [`/${id}`, `/${id}?tab=text`])]
    expect(
      await findOverflow(
        person.page,
        pages.map((path) => mainAt(server, `/mailbox${path}`)),
      ),
    ).toEqual([])
    // An email is shown without an origin, so that the browser complains about the icon of its page.
    await person.context.close()
  })
})

async function readMessages({ page }: Visitor, url: string): Promise<string[]> {
  const answer = await page.request.get(url)
  return ((await answer.json()) as { rows: { id: string }[] }).rows.map(({ id }) => id)
}
