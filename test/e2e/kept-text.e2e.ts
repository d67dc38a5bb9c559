/// <reference lib="dom" />
/** What is typed and not sent yet is not lost: not by looking at another job, by reloading, or when the session has ended. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { PASSWORD, type Business, type TestServer } from '../test-server.ts'
import { closeAll, startAppServer, visitor, type Visitor } from './browser.ts'
import { mainAt, openOffice, portalAt, QUESTION, signInToOffice, signInToPortal } from './steps.ts'

afterAll(closeAll)

const storedDrafts = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    Object.entries(sessionStorage)
      .filter(([key]) => key.startsWith('draft'))
      .map(([key, value]) => `${key}=${String(value)}`),
  )

const commentOf = (page: Page) => page.locator('main textarea[name=body]')

async function createJobs(server: TestServer) {
  const business = await server.business()
  const customer = await business.customer('Eleanor Finch')
  const template = await business.template({ name: 'Boiler service', fields: [QUESTION] })
  const user = await business.portalUser({ customers: [customer] })
  const book = async (address: string) =>
    (await user.ok('createPortalJob', { template, address, fields: { wrong: 'It hums.' } })).jobs[0]!.id
  return { business, customer, template, user, jobs: [await book('14 Pelican Quay'), await book('2 Orchard Lane')] }
}

/** Ends every session of a portal user or of the owner, as from another device. */
async function endSessions(server: TestServer, business: Business, email: string, isStaff: boolean): Promise<void> {
  const other = isStaff ? server.anyone() : business.visitor()
  if (isStaff) {
    await other.ok('signIn', { email, password: PASSWORD })
    await other.ok('endOtherSessions')
  } else {
    await other.ok('signInToPortal', { email, password: PASSWORD })
    await other.ok('endOtherPortalSessions')
  }
}

/** Signs in in the tab that the page opens for it. */
async function signInBeside(person: Visitor, email: string): Promise<void> {
  const [tab] = await Promise.all([
    person.context.waitForEvent('page'),
    person.page.getByRole('link', { name: 'Sign in' }).click(),
  ])
  await tab.getByLabel('Email').fill(email)
  await tab.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await tab.getByRole('button', { name: 'Sign in' }).click()
  await tab.waitForURL((url) => !url.pathname.endsWith('/sign-in'))
  await tab.close()
}

describe('Half a comment', () => {
  it('stays with its job in the office: beside another job, after Escape and after reloading', async () => {
    const server = await startAppServer()
    const { business, jobs } = await createJobs(server)
    const person = await visitor('desktop', { keyboard: false })
    const { page } = person
    await signInToOffice(person, server, business.owner.email)
    const at = (path: string) => mainAt(server, `/office/${business.slug}${path}`)
    await openOffice(page, at(`/jobs?job=${jobs[0]}`))
    await page.locator('main input[name=audience][value=customer]').evaluate((each: HTMLElement) => each.click())
    await commentOf(page).fill('Bring the long')
    await page.locator(`#row-${jobs[1]}`).click()
    await page.waitForURL(new RegExp(jobs[1]!))
    await expect.poll(() => commentOf(page).inputValue()).toBe('')
    await page.locator(`#row-${jobs[0]}`).click()
    await page.waitForURL(new RegExp(jobs[0]!))
    await expect.poll(() => commentOf(page).inputValue()).toBe('Bring the long')
    // With its audience: what was for the customer is not internal now, and the other way round.
    expect(await page.locator('main input[name=audience][value=customer]').isChecked()).toBe(true)
    await person.see(/Eleanor Finch .*(can|will) /)
    await commentOf(page).press('Escape')
    await page.waitForURL((url) => !url.searchParams.has('job'))
    await openOffice(page, at(`/jobs/${jobs[0]}`))
    await expect.poll(() => commentOf(page).inputValue()).toBe('Bring the long')
    await page.reload()
    await page.locator('#svelte-announcer').waitFor({ state: 'attached' })
    await expect.poll(() => commentOf(page).inputValue()).toBe('Bring the long')
    await commentOf(page).fill('Bring the long ladder.')
    await person.press('Add comment')
    await page.locator('.comment').getByText('Bring the long ladder.').waitFor()
    // On the same page, before anything loads it again: a second press sends nothing, and the next comment is internal.
    await expect.poll(() => commentOf(page).inputValue()).toBe('')
    expect(await page.locator('main form:has(textarea) input[name=audience][value=internal]').isChecked()).toBe(true)
    expect(await page.getByText(/Eleanor Finch .*(can|will) /).count()).toBe(0)
    await person.press('Add comment')
    await page.locator('main form:has(textarea) [aria-invalid]').waitFor()
    expect(await page.locator('.comment').count()).toBe(1)
    expect(await storedDrafts(page)).toEqual([])
    await page.reload()
    await page.locator('#svelte-announcer').waitFor({ state: 'attached' })
    expect(await commentOf(page).inputValue()).toBe('')
    await commentOf(page).fill('Not for the next person')
    expect((await storedDrafts(page)).length).toBe(1)
    await page.locator('.o-side form[action$="/sign-out"] button').evaluate((each: HTMLElement) => each.click())
    await page.waitForURL(/sign-in/)
    expect(await storedDrafts(page)).toEqual([])
    await person.close()
  })

  it('stays with its job in the portal, until it is sent, and is nobody else’s', async () => {
    const server = await startAppServer()
    const { business, jobs, customer, user } = await createJobs(server)
    const other = await business.portalUser({ customers: [customer], name: 'Ben Finch' })
    const person = await visitor('phone')
    const { page } = person
    await signInToPortal(person, server, business.slug, user.email)
    const at = (job: string) => portalAt(server, business.slug, `/jobs/${job}`)
    await page.goto(at(jobs[0]!))
    await commentOf(page).fill('The gate is')
    await page.goto(at(jobs[1]!))
    expect(await commentOf(page).inputValue()).toBe('')
    await page.goto(at(jobs[0]!))
    expect(await commentOf(page).inputValue()).toBe('The gate is')
    await page.reload()
    expect(await commentOf(page).inputValue()).toBe('The gate is')
    // PS-61: the key names whose it is; a portal user belongs to one portal.
    expect(await storedDrafts(page)).toEqual([`draft:${user.id}:comment:${jobs[0]}=The gate is`])
    await commentOf(page).fill('The gate is\nlocked.')
    await person.press('Send comment')
    await page.locator('.comment').getByText('locked.').waitFor()
    expect(await commentOf(page).inputValue()).toBe('')
    expect(await storedDrafts(page)).toEqual([])
    await commentOf(page).fill('Only mine')
    // Their session ends without signing out, and somebody else signs in at this browser.
    await person.context.clearCookies()
    await signInToPortal(person, server, business.slug, other.email)
    await page.goto(at(jobs[0]!))
    expect(await commentOf(page).inputValue()).toBe('')
    expect(await storedDrafts(page)).toEqual([])
    await commentOf(page).fill('Only Ben’s')
    await page
      .locator('form[action$="/sign-out"] button')
      .first()
      .evaluate((each: HTMLElement) => each.click())
    await page.waitForURL(/sign-in/)
    expect(await storedDrafts(page)).toEqual([])
    await person.close()
  })
})

describe('A form whose session has ended', () => {
  it.each([true, false])('is sent after signing in beside it, in the portal (script: %s)', async (javaScript) => {
    const server = await startAppServer()
    const { business, template, user, jobs } = await createJobs(server)
    const person = await visitor('phone', { javaScript })
    const { page } = person
    await signInToPortal(person, server, business.slug, user.email)
    await page.goto(portalAt(server, business.slug, `/jobs/new/${template}`))
    await person.fill('Service address', '9 Quay Street')
    await person.fill('What is wrong?', 'It drips.\nOnly at night.')
    await endSessions(server, business, user.email, false)
    await person.press('Send request')
    await person.see('Your session has ended')
    await person.accessible()
    expect((await user.call('listPortalJobs')).status).toBe(401)
    await signInBeside(person, user.email)
    await person.press('Send form again')
    await person.see('Request received.')
    const { rows } = await business.owner.ok('listJobs')
    const [booked, ...more] = rows.filter(({ id }) => !jobs.includes(id))
    expect(more).toEqual([])
    const { fields, address } = await business.owner.ok('getJob', { job: booked!.id })
    expect([address, String(fields[0]!.value).replaceAll('\r\n', '\n')]).toEqual([
      '9 Quay Street',
      'It drips.\nOnly at night.',
    ])
    await person.close()
  })

  it('is sent with its file by reloading the page that says so', async () => {
    const server = await startAppServer()
    // Reloading reads it from the disk again.
    const folder = mkdtempSync(join(tmpdir(), 'portico-note-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const note = join(folder, 'note.txt')
    writeFileSync(note, 'It drips.')
    const { business, template, user } = await createJobs(server)
    const person = await visitor('desktop', { keyboard: false })
    const { page } = person
    await signInToPortal(person, server, business.slug, user.email)
    await page.goto(portalAt(server, business.slug, `/jobs/new/${template}`))
    await person.fill('Service address', '9 Quay Street')
    await person.fill('What is wrong?', 'See the note.')
    await page.locator('main input[type=file]').first().setInputFiles(note)
    await endSessions(server, business, user.email, false)
    await person.press('Send request')
    await person.see('reload it')
    expect(await page.getByRole('button', { name: 'Send form again' }).count()).toBe(0)
    await signInBeside(person, user.email)
    await page.reload()
    await person.see('Request received.')
    await person.see('note.txt')
    await person.close()
  })

  it('stays as it is in the office, and is saved after signing in beside it', async () => {
    const server = await startAppServer()
    const { business } = await createJobs(server)
    const person = await visitor('desktop', { keyboard: false })
    const { page } = person
    await signInToOffice(person, server, business.owner.email)
    await openOffice(page, mainAt(server, `/office/${business.slug}/customers/new`))
    await page.locator('main input[name=name]').fill('Quay Apartments')
    await endSessions(server, business, business.owner.email, true)
    await person.press('Add customer')
    await person.see('Your session has ended')
    expect(await page.locator('main input[name=name]').inputValue()).toBe('Quay Apartments')
    await signInBeside(person, business.owner.email)
    await person.press('Add customer')
    await person.see('Customer added.')
    await person.see('Quay Apartments')
    await person.close()
  })

  it('keeps the list and the selection of a change to several jobs', async () => {
    const server = await startAppServer()
    const { business, jobs } = await createJobs(server)
    const person = await visitor('desktop', { keyboard: false })
    const { page } = person
    await signInToOffice(person, server, business.owner.email)
    await openOffice(page, mainAt(server, `/office/${business.slug}/jobs?select=1`))
    const tick = page.locator(`main input[name=ids][value="${jobs[0]}"]`)
    await tick.check()
    await page.locator('main select[name=worker]').selectOption(business.owner.id)
    await endSessions(server, business, business.owner.email, true)
    await page.locator('main button[name=change][value=assign]').click()
    await person.see('Your session has ended')
    expect([await tick.isChecked(), await page.locator('main select[name=worker]').inputValue()]).toEqual([
      true,
      business.owner.id,
    ])
    await signInBeside(person, business.owner.email)
    await page.locator('main button[name=change][value=assign]').click()
    await page.getByText('1 job changed').waitFor()
    await business.owner.ok('signIn', { email: business.owner.email, password: PASSWORD })
    expect((await business.owner.ok('getJob', { job: jobs[0]! })).status).toBe('assigned')
    expect(await tick.isChecked()).toBe(false)
    await person.close()
  })

  it('sends an upload to a job of the office by reloading the page that says so', async () => {
    const server = await startAppServer()
    const folder = mkdtempSync(join(tmpdir(), 'portico-note-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const note = join(folder, 'note.txt')
    writeFileSync(note, 'It drips.')
    const { business, jobs } = await createJobs(server)
    const person = await visitor('desktop', { keyboard: false })
    const { page } = person
    await signInToOffice(person, server, business.owner.email)
    await openOffice(page, mainAt(server, `/office/${business.slug}/jobs/${jobs[0]}`))
    await page.locator('#upload input[type=file]').first().setInputFiles(note)
    await endSessions(server, business, business.owner.email, true)
    await page.locator('#upload .btn').click()
    await person.see('Your session has ended')
    await signInBeside(person, business.owner.email)
    await page.reload()
    await person.see('File uploaded.')
    await person.see('note.txt')
    await person.close()
  })

  it('comes back in the office without script', async () => {
    const server = await startAppServer()
    const { business } = await createJobs(server)
    const person = await visitor('desktop', { javaScript: false })
    const { page } = person
    await signInToOffice(person, server, business.owner.email)
    await page.goto(mainAt(server, `/office/${business.slug}/customers/new`))
    await page.locator('main input[name=name]').fill('Quay Apartments')
    await endSessions(server, business, business.owner.email, true)
    await person.press('Add customer')
    await person.see('Your session has ended')
    await signInBeside(person, business.owner.email)
    await person.press('Send form again')
    await person.see('Customer added.')
    await person.close()
  })
})
