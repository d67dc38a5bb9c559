/// <reference lib="dom" />
/**
 * Every form of every page is sent empty: the browser shows no bubble of its own, what is missing is named at its field, all
 * of it at once, and the focus is on the banner that says why nothing happened.
 */
import type { Locator, Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { createRecords, fillPath, pagesBelow } from '../every-page.fixtures.ts'
import { PASSWORD } from '../test-server.ts'
import { closeAll, openPages, startAppServer, visitor, type Visitor } from './browser.ts'
import { followMail, mainAt, portalAt, signInToOffice, signInToPortal } from './steps.ts'

afterAll(closeAll)

/** The forms that ask for something. An open dialog covers those of its page. */
const formsOf = (page: Page): Locator =>
  page
    .locator('body:not(:has(dialog[open])) form[method=post], dialog[open] form[method=post]')
    .filter({ has: page.locator('[required], [aria-required=true]') })

/** Sends each form of a page empty that asks for something; names those that were refused. */
async function checkForms(person: Visitor, url: string): Promise<string[]> {
  const { page } = person
  await open(page, url)
  const areOurs = await page
    .locator('form')
    .evaluateAll((forms: HTMLFormElement[]) => forms.every((form) => form.noValidate))
  expect(areOurs, `every form of ${url} has novalidate`).toBe(true)
  const checked: string[] = []
  for (let index = 0; index < (await formsOf(page).count()); index++) {
    if (index > 0) await open(page, url)
    const form = formsOf(page).nth(index)
    const missing = await empty(form)
    if (missing.length === 0) continue
    const button = form.locator('button:not([type=button]):not([formaction]):not(.icon-btn)').filter({ visible: true })
    await button.last().click()
    await expectRefusal(page, `${url}, form ${index}`, missing)
    checked.push(`${new URL(url).pathname}: ${missing.join()}`)
  }
  return checked
}

/** Waits for the script of a page that has one. */
async function open(page: Page, url: string): Promise<void> {
  await page.goto(url, { waitUntil: 'load' })
  const runsKit = await page.evaluate(
    () => document.body.innerHTML.includes('__sveltekit') && matchMedia('(scripting: enabled)').matches,
  )
  if (runsKit) await page.locator('#svelte-announcer').waitFor({ state: 'attached' })
}

/** Empties what can be emptied and names the required fields that are empty then. */
async function empty(form: Locator): Promise<string[]> {
  await form.evaluate((element) => {
    for (let folded = element.closest('details'); folded; folded = folded.parentElement!.closest('details'))
      folded.open = true
    for (const folded of element.querySelectorAll('details')) folded.open = true
  })
  for (const control of await form.locator('input, textarea, select').filter({ visible: true }).all()) {
    const type = await control.evaluate((each: HTMLInputElement) =>
      each.readOnly || each.disabled ? 'locked' : each.type,
    )
    if (['locked', 'radio', 'file', 'color'].includes(type)) continue
    if (type === 'checkbox') await control.uncheck()
    else if (type === 'select-one') {
      if ((await control.locator('option[value=""]').count()) > 0) await control.selectOption('')
    } else if ((await control.getAttribute('role')) !== 'combobox') await control.fill('')
  }
  return form.evaluate((element: HTMLFormElement) =>
    [...element.querySelectorAll<HTMLInputElement>('[required]')]
      .filter(({ type, value, name }) =>
        type === 'radio' ? !element.querySelector(`[name="${name}"]:checked`) : value === '',
      )
      // Such as another address, while a site is chosen.
      .filter((control) => control.checkVisibility())
      .map(({ name }) => name),
  )
}

async function expectRefusal(page: Page, where: string, missing: string[]): Promise<void> {
  const alert = page.locator('[role=alert]').filter({ visible: true }).first()
  await alert.waitFor().catch(() => {
    throw new Error(`${where}: nothing says what is wrong`)
  })
  await expect
    .poll(() => alert.evaluate((element) => element === document.activeElement), {
      message: `${where}: focus`,
      timeout: 15_000,
    })
    .toBe(true)
  const isInView = await alert.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect()
    return top >= 0 && bottom <= innerHeight
  })
  expect(isInView, `${where}: in view`).toBe(true)
  const errors = await page.evaluate(
    (names) =>
      names.map((name) => {
        const control = document.querySelector(`[name="${CSS.escape(name)}"]`)
        return control?.closest('.field, fieldset')?.querySelector('.error')?.textContent?.trim() ?? ''
      }),
    missing,
  )
  for (const [index, error] of errors.entries()) {
    expect(error, `${where}: the error of ${missing[index]}`).toMatch(/^(Enter|Choose|Check|Add) .*\.$/s)
    expect(error, `${where}: names what is missing`).not.toMatch(/a value|invalid/i)
  }
}

/** The dialogs and folded forms that links of a page open. */
const statesOf = (page: Page): Promise<string[]> =>
  page
    .locator('a[href*="?"]')
    .evaluateAll((links: HTMLAnchorElement[]) => [
      ...new Set(
        links
          .map(({ href }) => href)
          .filter(
            (href) => new URL(href).pathname === location.pathname && /[?&](do|confirm|invite|remove)=/.test(href),
          ),
      ),
    ])

async function walk(person: Visitor, urls: string[]): Promise<string[]> {
  const checked: string[] = []
  for (const url of urls) {
    checked.push(...(await checkForms(person, url)))
    await open(person.page, url)
    for (const state of await statesOf(person.page)) checked.push(...(await checkForms(person, state)))
  }
  return checked
}

describe('A form that is sent empty', () => {
  it('says at each field what is missing, in the office', async () => {
    const server = await startAppServer()
    const { business, records, worker } = await createRecords(server)
    const person = await visitor('desktop', { keyboard: false })
    await signInToOffice(person, server, business.owner.email)
    const paths = pagesBelow('office/[account]').map((path) => fillPath(`/office/[account]${path}`, records))
    const { customer, template, account } = records
    paths.push(`/office/${account}/jobs/new?customer=${customer}&template=${template}`)
    const checked = await walk(
      person,
      paths.map((path) => mainAt(server, path)),
    )
    expect(checked.length).toBeGreaterThan(12)
    await person.context.clearCookies()
    await signInToOffice(person, server, worker.email)
    // Declining asks for a reason.
    const declined = await walk(person, [mainAt(server, `/office/${account}/jobs/${records.job}`)])
    expect(declined.join()).toContain('reason')
    await person.close()
  }, 300_000)

  it.each([true, false])('says it in the portal and on the sign-in pages (script: %s)', async (javaScript) => {
    const server = await startAppServer()
    const { business, records, user } = await createRecords(server)
    const person = await visitor('phone', { javaScript })
    const at = (path: string) => portalAt(server, business.slug, path)
    const auth = pagesBelow('p/[portal]/(auth)').filter((path) => !['', '/login', '/sign-up'].includes(path))
    const checked = await walk(person, [
      ...auth.map(at),
      ...['/office/sign-in', '/office/forgot-password'].map((path) => mainAt(server, path)),
    ])
    await signInToPortal(person, server, business.slug, user.email)
    const paths = pagesBelow('p/[portal]').filter((path) => !path.startsWith('/(auth)'))
    checked.push(
      ...(await walk(
        person,
        paths.map((path) => at(fillPath(path, records))),
      )),
    )
    expect(checked.length).toBeGreaterThan(8)
    await person.close()
  })

  it('says it without script in the office', async () => {
    const server = await startAppServer()
    const { business, records } = await createRecords(server)
    const person = await visitor('desktop', { javaScript: false })
    await signInToOffice(person, server, business.owner.email)
    const paths = [
      'customers/new',
      `jobs/${records.job}`,
      'settings/business',
      'settings/templates/new',
      'settings/staff?invite=1',
    ]
    const checked = await walk(
      person,
      paths.map((path) => mainAt(server, `/office/${records.account}/${path}`)),
    )
    expect(checked.length).toBeGreaterThan(4)
    await person.close()
  })

  it('says it on the pages that emailed links open', async () => {
    const server = await startAppServer()
    const { business } = await createRecords(server)
    const { owner } = business
    const email = `new.${business.slug}@post.example`
    await owner.ok('inviteStaff', { email, role: 'worker' })
    await owner.ok('addPortalUser', { email })
    await owner.ok('requestPasswordReset', { email: owner.email })
    const person = await visitor('desktop', { keyboard: false })
    const checked: string[] = []
    for (const [to, subject] of [
      [email, 'join|staff'],
      [email, 'portal'],
      [owner.email, 'password'],
    ] as const) {
      await followMail(person, server, to, `(?:${subject})`)
      checked.push(...(await checkForms(person, person.page.url())))
    }
    expect(checked.length).toBe(3)
    await person.close()
  })

  it('names two passwords that differ along with everything else', async () => {
    const server = await openPages()
    try {
      const person = await visitor('desktop', { keyboard: false })
      const url = (await server.app.offerSetUp())!
      expect(await checkForms(person, url)).toHaveLength(1)
      await person.fill('Password', PASSWORD)
      await person.fill('Confirm password', `${PASSWORD}!`)
      await person.press('Create business')
      await person.see('Passwords don’t match.')
      await person.see('Enter the name of the business.')
      await person.see('Enter an email address.')
      await person.close()
    } finally {
      await server.close()
    }
  })

  it('refuses a date of which only a part was entered, and keeps that part', async () => {
    const server = await startAppServer()
    const { business, records } = await createRecords(server)
    const person = await visitor('desktop', { keyboard: false })
    const { page } = person
    await signInToOffice(person, server, business.owner.email)
    await open(
      page,
      mainAt(server, `/office/${records.account}/jobs/new?customer=${records.customer}&template=${records.template}`),
    )
    await page.locator('[name="scheduled.day"]').focus()
    await page.keyboard.type('0405')
    await page.locator('[name="scheduled.time"]').fill('10:30')
    await person.press('Create job')
    await person.see('Enter a valid date.')
    // What is half entered stays, so that the next try is refused as well and does not leave it out.
    const isHalfEntered = () =>
      page.locator('[name="scheduled.day"]').evaluate((day: HTMLInputElement) => day.validity.badInput)
    expect(await isHalfEntered()).toBe(true)
    await person.press('Create job')
    await person.see('Enter a valid date.')
    expect([new URL(page.url()).pathname.endsWith('/jobs/new'), await isHalfEntered()]).toEqual([true, true])
    await person.close()
  })
})
