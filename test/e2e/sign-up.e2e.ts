/** Somebody who heard of a business signs up at its portal, reads their mail, and books. */
import { afterAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../test-server.ts'
import { closeAll, visitor, WAYS, startAppServer } from './browser.ts'
import { book, followMail, harbour, portalAt } from './steps.ts'

afterAll(closeAll)

describe.each(WAYS)('A new customer, $way', ({ device }) => {
  it('CP-11 CP-15 CP-35 signs up, reads the mail, activates, books a job and finds it in the list', async () => {
    const server = await startAppServer()
    const business = await harbour(server)
    const me = await visitor(device)
    const { page } = me
    const email = `martha.${device}@post.example`

    await page.goto(portalAt(server, business.slug))
    await me.see('Forgot password?')
    await me.accessible()
    await me.press('Sign up')
    await me.arrived(/\/signup$/)
    await me.accessible()
    await me.fill('Name', 'Martha Okonkwo')
    await me.fill('Email', email)
    await me.fill('Phone', '07700 900184')
    await me.fill('Password', PASSWORD)
    await me.press('Sign up', page.locator('form'))

    await me.see('Check your email to finish signing up.')
    await me.accessible()
    expect(await me.context.cookies(), 'nobody is signed in by signing up').toEqual([])

    await me.fill('Email', email)
    await me.fill('Password', PASSWORD)
    await me.press('Sign in', page.locator('form'))
    await me.see('Resend email')
    await me.accessible()

    await followMail(me, server, email, 'Confirm your email')
    await me.see('Hello Martha Okonkwo, confirm your email')
    await me.accessible()
    await me.press('Activate account')
    await me.see('Welcome, Martha. What can we help you with?')
    await me.accessible()

    await me.press(/Dishwasher repair/)
    await book(me, {
      address: '14 Pelican Quay, the blue door behind the sheds at the end of Hanover Place, Bristol BS1 6UH',
    })
    await me.press('Jobs', page.locator('main'))
    await me.see(/14 Pelican Quay/)
    await me.see('Requested')
    await me.accessible()
    await me.close()
  })
})
