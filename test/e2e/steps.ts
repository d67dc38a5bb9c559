/** Steps that several journeys share. */
import type { Page } from 'playwright-core'
import { PASSWORD, type Business, type TestServer } from '../test-server.ts'
import type { Visitor } from './browser.ts'

/** A URL on the portal's own host; browsers resolve *.localhost. */
export const portalAt = (server: TestServer, slug: string, path = '/') =>
  `http://${slug}.localhost:${server.port}${path}`
export const mainAt = (server: TestServer, path: string) => `http://localhost:${server.port}${path}`

/** A required custom field. */
export const QUESTION = { id: 'wrong', name: 'What is wrong?', type: 'text', portal: 'required', worker: 'optional' }

/** Opens the newest mail to that address in the demo's mailbox and follows its link. */
export async function followMail(visitor: Visitor, server: TestServer, to: string, subject: string): Promise<void> {
  await visitor.page.goto(mainAt(server, '/mailbox'))
  await visitor.see('Mailbox')
  await visitor.accessible()
  await visitor.press(new RegExp(`${to.replaceAll('.', '\\.')}[\\s\\S]*${subject}`))
  await visitor.see(`<${to}>`)
  await visitor.accessible()
  await visitor.press('Open link')
}

/** From the staff sign-in page to the home page. */
export async function signInToOffice(visitor: Visitor, server: TestServer, email: string): Promise<void> {
  await visitor.page.goto(mainAt(server, '/office/sign-in'))
  await visitor.accessible()
  await visitor.fill('Email', email)
  await visitor.fill('Password', PASSWORD)
  await visitor.press('Sign in')
  await visitor.see(/^Hello, /)
  await visitor.accessible()
}

/** Opens a page of the office, with its script. */
export async function openOffice(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.locator('#svelte-announcer').waitFor({ state: 'attached' })
}

/** Opens a section of the office from the sidebar, or from the menu on a phone. */
export async function goTo(visitor: Visitor, place: string): Promise<void> {
  if (visitor.device === 'phone') await visitor.press('Menu, ')
  await visitor.press(place)
  await visitor.page.getByRole('heading', { level: 1, name: new RegExp(`^${place}`) }).waitFor()
  await visitor.accessible()
}

/** From a portal's sign-in page to its jobs. */
export async function signInToPortal(visitor: Visitor, server: TestServer, slug: string, email: string): Promise<void> {
  await visitor.page.goto(portalAt(server, slug, '/sign-in'))
  await visitor.fill('Email', email)
  await visitor.fill('Password', PASSWORD)
  await visitor.press('Sign in', visitor.page.locator('form'))
  await visitor.arrived(/\/jobs$/)
}

/** A day relative to today, as form inputs write it. */
export function dayFromNow(days: number): string {
  const day = new Date(Date.now() + days * 86_400_000)
  // On a weekend the office asks whether the visit is really outside working hours.
  while (day.getUTCDay() % 6 === 0) day.setUTCDate(day.getUTCDate() + 1)
  return day.toISOString().slice(0, 10)
}

/** Fills in the booking form, books and waits for the job page. */
export async function book(
  visitor: Visitor,
  { address, wrong = 'Water stays in the bottom.' }: { address?: string; wrong?: string },
): Promise<void> {
  await visitor.see('Service address')
  await visitor.accessible()
  if (address) await visitor.fill('Service address', address)
  await visitor.fill('What is wrong?', wrong)
  await visitor.fill('Day', dayFromNow(6))
  await visitor.fill('Time', '09:30')
  await visitor.press('Send request')
  await visitor.see('Requested for')
  await visitor.see('Request received.')
  await visitor.accessible()
}

/** A business with one template that has one required field. */
export async function harbour(server: TestServer, options: { public?: boolean } = {}): Promise<Business> {
  const business = await server.business(options)
  await business.template({ name: 'Dishwasher repair', fields: [QUESTION] })
  return business
}
