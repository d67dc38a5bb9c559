/** A private portal: the business invites an email address, and its owner completes the account. */
import { afterAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../test-server.ts'
import { closeAll, visitor, VARIANTS, startAppServer } from './browser.ts'
import { book, followMail, harbour, mainAt, portalAt, signInToOffice } from './steps.ts'

afterAll(closeAll)

describe.each(VARIANTS)('A user invited by email address, $label', ({ device }) => {
  it('CP-18 CP-20 CP-22 sets a password, is signed in and books for the linked customer', async () => {
    const server = await startAppServer()
    const business = await harbour(server, { public: false })
    const customer = await business.customer('Lockside Hotel')
    await business.site(customer, '3 Lockside, Bristol BS1 6XZ')
    const owner = await visitor(device)
    const invited = await visitor(device)
    const email = `colin.${device}@lockside.example`

    await signInToOffice(owner, server, business.owner.email)
    await owner.page.goto(mainAt(server, `/office/${business.slug}/settings/portal/users`))
    await owner.see('No portal users yet')
    await owner.accessible()
    await owner.press('Invite portal user')
    await owner.see('The user sets their name, phone, and password when they accept.')
    await owner.accessible()
    await owner.fill('Email', email)
    await owner.press('Invite portal user')
    await owner.see(`${email} has been invited.`)
    await owner.see('Not activated')
    await owner.see('No name yet')
    await owner.accessible()

    await invited.page.goto(portalAt(server, business.slug))
    await invited.see('Forgot password?')
    expect(
      await invited.page.getByRole('link', { name: 'Sign up' }).count(),
      'a private portal has no sign-up link',
    ).toBe(0)
    await followMail(invited, server, email, 'been invited to')
    await invited.see('Set up your account')
    await invited.accessible()
    // Leaving the form keeps the link valid.
    await invited.fill('Name', 'Colin')
    await invited.page.goto(portalAt(server, business.slug))
    await invited.page.goBack()
    await invited.see('Set up your account')
    await invited.fill('Name', 'Colin Dunne')
    await invited.fill('Phone', '07700 900931')
    await invited.fill('Password', PASSWORD)
    await invited.press('Set up account')
    // Added by email alone, they can book at once (E-25).
    await invited.see(/Dishwasher repair/)
    await invited.accessible()

    await owner.page.goto(mainAt(server, `/office/${business.slug}/settings/portal/users`))
    await owner.press('Colin Dunne')
    await owner.see('Link a customer')
    await owner.accessible()
    await owner.fill('Find a customer', 'lockside')
    await owner.press(/^Link customer Lockside Hotel$/)
    await owner.see('1 person gets more access')
    await owner.press('Save changes', owner.page.locator('dialog'))
    await owner.see('Customer linked.')
    await owner.accessible()

    await invited.page.reload()
    await invited.press(/Dishwasher repair/)
    await book(invited, {})
    await invited.see(/Lockside Hotel/)
    await invited.close()
    await owner.close()
  })
})
