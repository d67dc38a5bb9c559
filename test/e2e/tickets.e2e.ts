/// <reference lib="dom" />
/** Tickets as customers use them, and the keys of the office. */
import { afterAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../test-server.ts'
import { closeAll, DEVICES, startAppServer, VARIANTS, visitor, type Visitor } from './browser.ts'
import { mainAt, openOffice, portalAt, signInToOffice } from './steps.ts'

afterAll(closeAll)

const NOTE = { name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('It hums.') }

async function createWorld() {
  const server = await startAppServer()
  const shop = await server.business()
  const customer = await shop.customer('Dockside Lettings')
  await shop.owner.ok('addContact', { customer, name: 'Ana Ruiz' })
  const naveed = await shop.portalUser({ name: 'Naveed Aslam', customers: [customer] })
  return { server, shop, customer, naveed }
}

/** Creates a ticket, replies with a file, closes and reopens it. */
async function followTicket(person: Visitor, world: Awaited<ReturnType<typeof createWorld>>): Promise<void> {
  const { server, shop, naveed } = world
  const { page } = person
  await page.goto(portalAt(server, shop.slug, '/sign-in'))
  await person.fill('Email', naveed.email)
  await person.fill('Password', PASSWORD)
  await person.press('Sign in', page.locator('form'))
  await person.arrived(/\/jobs$/)
  await page.goto(portalAt(server, shop.slug, '/tickets'))
  await person.see('No tickets yet')
  await person.accessible()
  await person.press('New ticket')
  await person.arrived(/\/tickets\/new$/)
  await person.accessible()
  await person.fill('Subject', 'No heating')
  await person.fill('Description', 'Since Monday.')
  await person.choose('Priority', 'High')
  await person.choose('Contact', 'Ana Ruiz')
  await person.press('Create ticket')
  await person.see('Ticket created.')
  await person.accessible()
  await page.locator('[name="upload.files"]').first().setInputFiles(NOTE)
  await person.fill('Write a comment', 'It hums.')
  await person.press('Send comment')
  await person.see('note.txt')
  await person.press('Edit ticket')
  await person.arrived(/edit/)
  await person.accessible()
  await person.choose('Priority', 'Urgent')
  await person.press('Save changes')
  await person.see('Ticket saved.')
  await person.press('Close ticket')
  await person.see('Ticket closed.')
  await person.accessible()
  await person.press('Reopen ticket')
  await person.see('Ticket reopened.')
  const { rows } = await shop.owner.ok('listTickets')
  expect(rows).toMatchObject([{ subject: 'No heating', priority: 'urgent', status: 'open', source: 'portal' }])
  await person.close()
}

describe('tickets in the portal', () => {
  it.each(VARIANTS)('T-33 T-34 a customer creates, answers, closes and reopens a ticket $label', async ({ device }) => {
    await followTicket(await visitor(device), await createWorld())
  })

  it.each(DEVICES)('T-33 T-34 the same without JavaScript, on a %s', async (device) => {
    await followTicket(await visitor(device, { javaScript: false }), await createWorld())
  })
})

describe('the keys of tickets in the office', () => {
  it('arrows and Enter open a ticket, R replies, I writes a note, E resolves, / searches, and a dialog lists them', async () => {
    const { server, shop, customer } = await createWorld()
    for (const subject of ['The door sticks', 'The gate sticks'])
      await shop.owner.ok('createTicket', { customer, subject })
    await shop.owner.ok('updateTicketSettings', {
      version: 1,
      cannedReplies: [{ name: 'Thanks', text: 'Thank you, {{customer_name}}.' }],
    })
    const { page, ...person } = await visitor('desktop', { keyboard: false })
    await signInToOffice({ page, ...person }, server, shop.owner.email)
    await openOffice(page, mainAt(server, `/office/${shop.slug}/tickets`))
    await page.keyboard.press('j')
    await page.keyboard.press('ArrowDown')
    expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe('The door sticks')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'The door sticks', level: 2 }).waitFor()
    await person.accessible()
    const body = page.locator('textarea[name=body]')
    const audience = () => page.locator('input[name=audience]:checked').inputValue()

    await page.locator('body').press('r')
    await expect.poll(() => body.evaluate((field) => field === document.activeElement)).toBe(true)
    expect([await audience(), await body.inputValue()]).toEqual(['customer', ''])
    await body.evaluate((field) => field.blur())
    await page.locator('body').press('i')
    expect(await audience()).toBe('internal')
    await page.keyboard.type('ire')
    expect(await body.inputValue()).toBe('ire')
    await body.fill('')
    await page.getByLabel('Canned reply').selectOption({ label: 'Thanks' })
    await page.getByRole('button', { name: 'Insert reply' }).click()
    expect([await audience(), await body.inputValue()]).toEqual(['customer', 'Thank you, Dockside Lettings.'])
    await page.locator('[name="upload.files"]').first().setInputFiles(NOTE)
    await page.getByRole('button', { name: 'Add comment' }).last().click()
    await page.getByRole('link', { name: /note\.txt/ }).waitFor()
    expect(await body.inputValue()).toBe('')

    await body.evaluate((field) => field.blur())
    await page.locator('body').press('e')
    await page.getByText('Status changed.').waitFor()
    const resolved = await shop.owner.ok('listTickets', { status: 'resolved' } as never)
    expect(resolved.rows.map(({ subject }) => subject)).toEqual(['The door sticks'])

    await page.locator('body').press('/')
    await page.keyboard.type('gate')
    expect(await page.getByRole('searchbox', { name: 'Search tickets' }).inputValue()).toBe('gate')
    await page.locator('h1').first().click()
    await page.keyboard.press('?')
    const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    for (const text of ['Reply to the open ticket', 'Write an internal note', 'Resolve the open ticket'])
      await dialog.getByText(text).waitFor()
  })
})
