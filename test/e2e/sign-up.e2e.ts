/** A new customer signs up at a public portal, activates the account and books. */
import { afterAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../test-server.ts'
import { closeAll, visitor, VARIANTS, startAppServer } from './browser.ts'
import { book, followMail, harbour, portalAt } from './steps.ts'

afterAll(closeAll)

describe.each(VARIANTS)('A new customer, $label', ({ device }) => {
  it('CP-11 CP-15 CP-35 signs up, activates by mail, books a job and finds it in the list', async () => {
    const server = await startAppServer()
    const business = await harbour(server)
    const newCustomer = await visitor(device)
    const { page } = newCustomer
    const email = `martha.${device}@post.example`

    await page.goto(portalAt(server, business.slug))
    await newCustomer.see('Forgot password?')
    await newCustomer.accessible()
    await newCustomer.press('Sign up')
    await newCustomer.arrived(/\/signup$/)
    await newCustomer.accessible()
    await newCustomer.fill('Name', 'Martha Okonkwo')
    await newCustomer.fill('Email', email)
    await newCustomer.fill('Phone', '07700 900184')
    await newCustomer.fill('Password', PASSWORD)
    await newCustomer.press('Sign up', page.locator('form'))

    await newCustomer.see('Check your email to finish signing up.')
    await newCustomer.accessible()
    const cookies = (await newCustomer.context.cookies()).map(({ name }) => name)
    expect(cookies, 'signing up does not sign in').toEqual(['portico_sign_up'])

    await newCustomer.fill('Email', email)
    await newCustomer.fill('Password', PASSWORD)
    await newCustomer.press('Sign in', page.locator('form'))
    await newCustomer.see('Resend email')
    await newCustomer.accessible()

    await followMail(newCustomer, server, email, 'Confirm your email')
    await newCustomer.see(/^Confirm that /)
    await newCustomer.accessible()
    await newCustomer.press('Activate account')
    await newCustomer.see('Welcome, Martha. What can we help you with?')
    await newCustomer.accessible()

    await newCustomer.press(/Dishwasher repair/)
    await book(newCustomer, {
      address: '14 Pelican Quay, the blue door behind the sheds at the end of Hanover Place, Bristol BS1 6UH',
    })
    await newCustomer.press('Jobs', page.locator('main'))
    await newCustomer.see(/14 Pelican Quay/)
    await newCustomer.see('Requested')
    await newCustomer.accessible()
    await newCustomer.close()
  })
})
