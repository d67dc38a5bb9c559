/** A private portal: the business knows an address and nothing else; the person behind it does the rest. */
import { afterAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../test-server.ts'
import { closeAll, visitor, WAYS, startAppServer } from './browser.ts'
import { book, followMail, harbour, mainAt, portalAt, signInToOffice } from './steps.ts'

afterAll(closeAll)

describe.each(WAYS)('Somebody invited by address alone, $way', ({ device }) => {
  it('CP-18 CP-20 CP-22 sets a password, is in at once, and books for the customer they were linked to', async () => {
    const server = await startAppServer()
    const business = await harbour(server, { public: false })
    const customer = await business.customer('Lockside Hotel')
    await business.site(customer, '3 Lockside, Bristol BS1 6XZ')
    const owner = await visitor(device)
    const me = await visitor(device)
    const email = `colin.${device}@lockside.example`

    await signInToOffice(owner, server, business.owner.email)
    await owner.page.goto(mainAt(server, `/office/${business.slug}/settings/portal/users`))
    await owner.see('No portal users yet')
    await owner.accessible()
    await owner.press('Add user')
    await owner.see('The activation email is sent immediately.')
    await owner.accessible()
    await owner.fill('Email', email)
    await owner.press('Add user')
    await owner.see(`${email} has been invited.`)
    await owner.see('Not activated')
    await owner.see('No name yet')
    await owner.accessible()

    await me.page.goto(portalAt(server, business.slug))
    await me.see('Forgot password?')
    expect(await me.page.getByRole('link', { name: 'Sign up' }).count(), 'a private portal has no sign-up link').toBe(0)
    await followMail(me, server, email, 'been invited to')
    await me.see('Set up your account')
    await me.accessible()
    // Going away half-way changes nothing: the same link opens the same form.
    await me.fill('Name', 'Colin')
    await me.page.goto(portalAt(server, business.slug))
    await me.page.goBack()
    await me.see('Set up your account')
    await me.fill('Name', 'Colin Dunne')
    await me.fill('Phone', '07700 900931')
    await me.fill('Password', PASSWORD)
    await me.press('Set up account')
    await me.see(/Your account isn’t linked to a customer yet/)
    await me.accessible()

    await owner.page.goto(mainAt(server, `/office/${business.slug}/settings/portal/users`))
    await owner.press('Colin Dunne')
    await owner.see('Link a customer')
    await owner.accessible()
    await owner.fill('Find a customer', 'lockside')
    await owner.press(/^Link customer Lockside Hotel$/)
    await owner.see('Customer linked.')
    await owner.accessible()

    await me.page.reload()
    await me.press(/Dishwasher repair/)
    await book(me, {})
    await me.see(/Lockside Hotel/)
    await me.close()
    await owner.close()
  })
})
