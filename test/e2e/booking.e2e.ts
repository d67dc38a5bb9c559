/// <reference lib="dom" />
/** Booking on a phone with script: addresses follow the customer, photos are scaled and shown before they are sent. */
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { closeAll, startAppServer, visitor } from './browser.ts'
import { harbour, mainAt, openOffice, portalAt, signInToOffice, signInToPortal } from './steps.ts'

const LARGE_PHOTO = join(import.meta.dirname, '../fixtures/photo-50mp.jpg')
afterAll(closeAll)

describe('the booking form on a phone', () => {
  it('offers the chosen customer’s addresses, and another one only when it is chosen', async () => {
    const server = await startAppServer()
    const business = await harbour(server)
    const [first, second] = [await business.customer('Eleanor Finch'), await business.customer('Southville Hotel')]
    await business.site(first, '14 Pelican Quay')
    await business.site(second, '2 North Street')
    const eleanor = await business.portalUser({ customers: [first, second] })
    const { page, ...person } = await visitor('phone')
    await signInToPortal({ page, ...person }, server, business.slug, eleanor.email)
    await page.goto(portalAt(server, business.slug, '/jobs/new'))
    const sites = page.locator('select[name=site] option')
    const other = page.locator('[name=address]')
    expect(await page.getByRole('button', { name: 'Show addresses' }).isVisible()).toBe(false)
    await person.choose('Customer', 'Eleanor Finch')
    await sites.getByText('14 Pelican Quay').waitFor({ state: 'attached' })
    expect(await other.isVisible()).toBe(false)
    await person.choose('Service address', 'Another address')
    await other.fill('1 Secret Yard')
    await person.choose('Customer', 'Southville Hotel')
    await sites.getByText('2 North Street').waitFor({ state: 'attached' })
    expect(await sites.allTextContents()).toEqual(['2 North Street', 'Another address'])
    expect([await other.isVisible(), await other.inputValue()]).toEqual([false, ''])
    // Refused once, then sent: Back leads to a page that says so, and not to a form that books it again.
    await person.choose('Service address', '2 North Street')
    await person.press('Send request')
    await person.see('Check the highlighted field.')
    await person.fill('What is wrong?', 'No hot water.')
    await person.press('Send request')
    await person.see('Request received.')
    await page.goBack()
    await person.see('You’ve already sent this request.')
    expect(await page.getByRole('button', { name: 'Send request' }).count()).toBe(0)
    await person.accessible()
    await person.close()
  })

  it('scales a photo of 50 megapixels before it is sent, shows it, and removes what was chosen', async () => {
    const server = await startAppServer()
    const business = await harbour(server)
    const customer = await business.customer('Eleanor Finch')
    await business.site(customer, '14 Pelican Quay')
    const eleanor = await business.portalUser({ customers: [customer] })
    const { page, ...person } = await visitor('phone')
    await signInToPortal({ page, ...person }, server, business.slug, eleanor.email)
    await page.goto(portalAt(server, business.slug, '/jobs/new'))
    const [files, camera] = [page.locator('[name="upload.files"]').first(), page.locator('[capture]')]
    await files.setInputFiles(LARGE_PHOTO)
    await page.locator('[data-chosen] canvas').waitFor()
    await camera.setInputFiles({ name: 'label.txt', mimeType: 'text/plain', buffer: Buffer.from('WM 14-A') })
    await page.getByText('label.txt').waitFor()
    await person.press('Remove label.txt')
    const sentWidth = () =>
      files.evaluate(async (input: HTMLInputElement) => (await createImageBitmap(input.files![0]!)).width)
    await expect.poll(sentWidth, { timeout: 15_000 }).toBe(4000)
    expect(await files.evaluate((input: HTMLInputElement) => input.files!.length)).toBe(1)
    await person.fill('What is wrong?', 'Water stays in the bottom.')
    await person.accessible()
    await person.press('Send request')
    await person.see('Request received.')
    await person.see('photo-50mp.jpg')
    await person.close()
  })
})

describe('a new job of the office', () => {
  it('takes dropped files and photos, shows and removes them, and a refusal keeps them', async () => {
    const server = await startAppServer()
    const business = await harbour(server)
    const customer = await business.customer('Eleanor Finch')
    const template = await business.template({ fields: [] })
    const { page, ...person } = await visitor('desktop')
    await signInToOffice({ page, ...person }, server, business.owner.email)
    const query = `customer=${customer}&template=${template}`
    await openOffice(page, mainAt(server, `/office/${business.slug}/jobs/new?${query}`))
    const files = page.locator('[name="upload.files"]').first()
    const names = () => page.locator('.picker .file:visible .cut').allTextContents()
    await page.locator('[data-scripted]').waitFor()
    const dropped = await page.evaluateHandle(() => {
      const transfer = new DataTransfer()
      for (const name of ['drip.txt', 'wrong.txt']) transfer.items.add(new File(['It drips.'], name))
      return transfer
    })
    await page.locator('.picker .drop').dispatchEvent('drop', { dataTransfer: dropped })
    await person.press('Remove wrong.txt')
    // A long name is cut: its row is no wider than the box that it was dropped on.
    await files.setInputFiles({ name: `${'long '.repeat(45)}.txt`, mimeType: 'text/plain', buffer: Buffer.from('x') })
    const widthOf = async (selector: string) => (await page.locator(selector).last().boundingBox())!.width
    expect(await widthOf('[data-chosen] .file')).toBe(await widthOf('.picker .drop'))
    await page.locator('[data-chosen] button').last().click()
    await files.setInputFiles(LARGE_PHOTO)
    await page.locator('[data-chosen] canvas:visible').waitFor()
    expect(await names()).toEqual(['drip.txt', 'photo-50mp.jpg'])
    await person.fill('Duration in minutes', '2')
    await person.press('Create job')
    await page.locator('.picker input[type=hidden]').nth(1).waitFor({ state: 'attached' })
    expect(await names()).toEqual(['drip.txt', 'photo-50mp.jpg'])
    await page.locator('.picker img').waitFor()
    // The pickers begin anew, and take more.
    await page.locator('[data-scripted]').waitFor()
    await files.setInputFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('WM 14-A') })
    await person.press('Remove drip.txt')
    await expect.poll(names).toEqual(['photo-50mp.jpg', 'plan.txt'])
    await person.accessible()
    await person.fill('Duration in minutes', '45')
    await person.press('Create job')
    await person.see('Job created.')
    for (const name of ['photo-50mp.jpg', 'plan.txt']) await person.see(name)
    expect(await page.getByText('drip.txt').count()).toBe(0)
    await person.close()
  })
})
