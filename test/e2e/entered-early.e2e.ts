/// <reference lib="dom" />
/** What is entered while the scripts of a page are still on their way stays when they arrive. */
import type { Locator, Page, Route } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { PASSWORD, type Business, type TestServer } from '../test-server.ts'
import { closeAll, openPages, startAppServer, visitor, type Visitor } from './browser.ts'
import { mainAt, portalAt, signInToOffice, signInToPortal } from './steps.ts'

afterAll(closeAll)

/** One field of every type a template can have. */
const FIELDS = [
  ...['text', 'number', 'currency', 'dateTime', 'checkbox', 'link'],
  ...['pickList', 'multiPickList', 'section', 'file'],
].map((type) => ({
  id: type.toLowerCase(),
  name: `A ${type}`,
  type,
  portal: type === 'section' || type === 'link' ? 'readOnly' : 'optional',
  worker: type === 'section' || type === 'link' ? 'readOnly' : 'optional',
  ...(type === 'link' || type === 'section' ? { value: 'https://example.com/' } : {}),
  ...(type.endsWith('ickList') ? { options: ['North', 'South', 'East'] } : {}),
}))

/** What a text field of that type takes. */
const TEXTS: Record<string, string> = {
  date: '2031-04-05',
  time: '06:07',
  'datetime-local': '2031-04-05T06:07',
  number: '95',
  color: '#0f6b7c',
  email: 'early@post.example',
  url: 'https://early.example',
}

interface SlowPage {
  /** Lets the scripts arrive and waits until the page runs. */
  arrive(): Promise<void>
}

/** Opens a page whose scripts do not arrive yet. */
async function openWithoutScripts({ page }: Visitor, url: string, script: 'kit' | 'portal'): Promise<SlowPage> {
  const held: Route[] = []
  const scripts = script === 'kit' ? /\/_app\/.*\.js$/ : /\/enhance\.js$/
  let isHeld = true
  await page.route(scripts, (route) => (isHeld ? void held.push(route) : route.continue()))
  await page.goto(url, { waitUntil: script === 'kit' ? 'domcontentloaded' : 'commit' })
  await page.locator('main form').filter({ visible: true }).first().waitFor()
  await expect.poll(() => held.length).toBeGreaterThan(0)
  return {
    async arrive() {
      isHeld = false
      for (const route of held) await route.continue()
      // Kit adds this when the page runs; the portal's script has run with the load event.
      if (script === 'kit') await page.locator('#svelte-announcer').waitFor({ state: 'attached' })
      await page.waitForLoadState('load')
      await page.unroute(scripts)
    },
  }
}

/** Changes every control that can be seen in the page's main part, and opens what is folded. */
async function enterEverything(page: Page): Promise<number> {
  for (const summary of await page.locator('main details:not(.menu) > summary').all())
    if (!(await summary.evaluate((each) => each.parentElement!.hasAttribute('open')))) await summary.click()
  // Filters in a closed menu are not seen.
  const seen = page
    .locator('main')
    .locator('input, textarea, select')
    .and(page.locator(':not([type=hidden]):not(details.menu *)'))
  let count = 0
  for (const control of await seen.all()) if (await enter(control)) count++
  return count
}

async function enter(control: Locator): Promise<boolean> {
  const type = await control.evaluate((each: HTMLInputElement) =>
    each.readOnly || each.disabled ? 'locked' : each.type,
  )
  const isHidden = (await control.getAttribute('tabindex')) === '-1'
  if (type === 'locked' || isHidden) return false
  // Some radios are drawn by their label.
  if (type === 'radio' || type === 'checkbox') await control.evaluate((each: HTMLInputElement) => each.click())
  else if (type === 'select-one') await control.selectOption({ index: (await control.locator('option').count()) - 1 })
  else if (type === 'file')
    await control.setInputFiles({ name: 'early.txt', mimeType: 'text/plain', buffer: Buffer.from('early') })
  else await control.fill(TEXTS[type] ?? `Early ${await control.evaluate((each: HTMLInputElement) => each.name)}`)
  return true
}

/** What stands in each control, by its place in the page. */
const readControls = (page: Page): Promise<string[]> =>
  page.locator('main').evaluate((main) => [
    ...[
      ...main.querySelectorAll<HTMLInputElement>('form [name]:not([type=hidden]):not(button), .combobox [type=hidden]'),
    ].map((control) => {
      const files = [...(control.files ?? [])].map(({ name }) => name)
      const isChoice = control.type === 'radio' || control.type === 'checkbox'
      return `${control.name}=${isChoice ? `${control.value}:${control.checked}` : files.length > 0 ? files.join() : control.value}`
    }),
    // A search for what was entered may bring other menus.
    ...[...main.querySelectorAll('details:not(.menu)')].map(
      (each, index) => `details ${index}: ${(each as HTMLDetailsElement).open}`,
    ),
  ])

/** Enters everything on a page before its scripts arrive, and finds it there afterwards. */
async function expectKept(person: Visitor, url: string, script: 'kit' | 'portal' = 'kit'): Promise<void> {
  const slow = await openWithoutScripts(person, url, script)
  const given = await readControls(person.page)
  expect(await enterEverything(person.page), url).toBeGreaterThan(0)
  const entered = await readControls(person.page)
  expect(entered, url).not.toEqual(given)
  await slow.arrive()
  expect(await readControls(person.page), url).toEqual(entered)
}

async function officeOf(
  business: Business,
  server: TestServer,
): Promise<{ person: Visitor; at(path: string): string }> {
  const person = await visitor('desktop', { keyboard: false })
  await signInToOffice(person, server, business.owner.email)
  return { person, at: (path) => mainAt(server, `/office/${business.slug}${path}`) }
}

describe('What is entered before the scripts of a page arrive', () => {
  it.each([
    ['jobs and customers', 0],
    ['settings', 1],
  ])('stays on every form of the office: %s', async (_, part) => {
    const server = await startAppServer()
    const business = await server.business()
    const customer = await business.customer('Eleanor Finch')
    await business.site(customer)
    await business.site(customer, '2 Orchard Lane, Bath')
    await business.staff('worker', 'Marek Nowak')
    const template = await business.template({ name: 'Boiler service', fields: FIELDS })
    const user = await business.portalUser({ customers: [customer] })
    const { id: job } = await business.owner.ok('createJob', { customer, template, address: '14 Pelican Quay' })
    const { person, at } = await officeOf(business, server)
    const jobPaths = [
      `/jobs/new?customer=${customer}&template=${template}`,
      `/jobs/${job}`,
      `/jobs/${job}/edit`,
      `/jobs?job=${job}`,
      '/customers/new',
      `/customers/${customer}/edit`,
      `/customers/${customer}/contacts/new`,
      `/customers/${customer}/sites/new`,
    ]
    const settingPaths = [
      '/settings/templates/new',
      `/settings/templates/${template}`,
      '/settings/portal',
      '/settings/portal/users/new',
      `/settings/portal/users/${user.id}`,
      '/settings/staff?invite=1',
      '/settings/business',
      '/profile',
    ]
    for (const path of [jobPaths, settingPaths][part]!) await expectKept(person, at(path))
    await person.page.close({ runBeforeUnload: false })
    await person.close()
  })

  it('is what the office saves', async () => {
    const server = await startAppServer()
    const business = await server.business()
    const customer = await business.customer('Eleanor Finch')
    const template = await business.template({ name: 'Boiler service', fields: FIELDS })
    const { person, at } = await officeOf(business, server)
    const { page } = person
    const slow = await openWithoutScripts(person, at(`/jobs/new?customer=${customer}&template=${template}`), 'kit')
    await person.fill('Service address', '14 Pelican Quay')
    await person.fill('A text', 'It hums.')
    await person.tick('A checkbox')
    await person.choose('A pickList', 'South')
    await person.tick('East', 'A multiPickList')
    await page.getByLabel('A text').focus()
    await slow.arrive()
    expect(await page.getByLabel('A text').evaluate((each) => each === document.activeElement)).toBe(true)
    await page.keyboard.type(' Loudly.')
    await person.press('Create job')
    await person.see('It hums. Loudly.')
    const { rows } = await business.owner.ok('listJobs')
    const { fields } = await business.owner.ok('getJob', { job: rows[0]!.id })
    const answers = Object.fromEntries(fields.map(({ id, value }) => [id, value]))
    expect(answers).toMatchObject({
      text: 'It hums. Loudly.',
      checkbox: true,
      picklist: 'South',
      multipicklist: ['East'],
    })
    await person.close()
  })

  it('reaches what the page shows beside a form: the preview of a template, the audience of a comment', async () => {
    const server = await startAppServer()
    const business = await server.business()
    const customer = await business.customer('Eleanor Finch')
    const template = await business.template({ name: 'Boiler service', fields: FIELDS })
    const { id: job } = await business.owner.ok('createJob', { customer, template, address: '14 Pelican Quay' })
    const { person, at } = await officeOf(business, server)
    const editor = await openWithoutScripts(person, at('/settings/templates/new'), 'kit')
    await person.fill('Name', 'Washing machine repair')
    await editor.arrive()
    await person.page.locator('aside').getByText('Washing machine repair').first().waitFor()
    await person.page.goto('about:blank')
    const panel = await openWithoutScripts(person, at(`/jobs/${job}?tab=comments`), 'kit')
    await person.page
      .locator('input[name=audience][value=customer]')
      .first()
      .evaluate((each: HTMLElement) => each.click())
    await panel.arrive()
    await person.see(/Eleanor Finch .*(can|will) /)
    await person.close()
  })

  it('stays on the first form of an installation, also in its searchable lists', async () => {
    const server = await openPages()
    try {
      const person = await visitor('desktop', { keyboard: false })
      const { page } = person
      const slow = await openWithoutScripts(person, (await server.app.offerSetUp())!, 'kit')
      await person.fill('Business name', 'Harbour Appliance Repair')
      await person.fill('Web address', 'harbour')
      await person.choose('Region', 'Germany')
      await person.choose('Time zone', 'Europe/Lisbon')
      await person.choose('Currency', 'JPY – Japanese Yen')
      await person.fill('Your name', 'Ruth Calloway')
      await person.fill('Email', 'ruth@harbour-repair.example')
      await person.fill('Password', PASSWORD)
      await slow.arrive()
      await page.locator('input[role=combobox]').first().waitFor()
      const values = await page
        .locator('form')
        .evaluate((form: HTMLFormElement) => Object.fromEntries(new FormData(form)))
      expect(values).toMatchObject({
        business: 'Harbour Appliance Repair',
        slug: 'harbour',
        locale: 'en-DE',
        timeZone: 'Europe/Lisbon',
        currency: 'JPY',
        name: 'Ruth Calloway',
        email: 'ruth@harbour-repair.example',
        password: PASSWORD,
      })
      await person.close()
    } finally {
      await server.close()
    }
  })

  it('stays in the portal', async () => {
    const server = await startAppServer()
    const business = await server.business({ public: true })
    const customer = await business.customer('Eleanor Finch')
    await business.site(customer)
    const template = await business.template({ name: 'Boiler service', fields: FIELDS })
    const user = await business.portalUser({ customers: [customer] })
    const person = await visitor('phone')
    await signInToPortal(person, server, business.slug, user.email)
    for (const path of [`/jobs/new/${template}`, '/account'])
      await expectKept(person, portalAt(server, business.slug, path), 'portal')
    await person.close()
  })
})
