/// <reference lib="dom" />
/** What a form still has after it was saved and its page stays. */
import { afterAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../test-server.ts'
import { closeAll, startAppServer, visitor } from './browser.ts'
import { mainAt, openOffice, signInToOffice } from './steps.ts'

afterAll(closeAll)

describe('A form of the office that ends on its own page', () => {
  it('is empty once its password or its email is saved', async () => {
    const server = await startAppServer()
    const business = await server.business()
    const user = await business.portalUser({ status: 'invited' })
    const person = await visitor('desktop', { keyboard: false })
    const { page } = person
    await signInToOffice(person, server, business.owner.email)
    await openOffice(page, mainAt(server, `/office/${business.slug}/profile`))
    const passwords = page.locator('main input[type=password]')
    for (const [index, text] of [PASSWORD, 'seven green ladders', 'seven green ladders'].entries())
      await passwords.nth(index).fill(text)
    await person.press('Change password')
    await person.see('Password changed')
    await expect
      .poll(() => passwords.evaluateAll((all) => all.map((each) => (each as HTMLInputElement).value)))
      .toEqual(['', '', ''])
    await openOffice(page, mainAt(server, `/office/${business.slug}/settings/portal/users/${user.id}`))
    await page.locator('summary').filter({ hasText: 'Change email' }).click()
    const email = page.locator('main input[name=email]')
    await email.fill('ana@quay.example')
    await page.locator('main form[action="?/email"] button').click()
    await page.locator('main dd').getByText('ana@quay.example').first().waitFor()
    await expect.poll(() => email.inputValue()).toBe('')
    await person.close()
  })
})
