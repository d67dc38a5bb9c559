/** Staff look at the portal as a customer does, and go on to the next. */
import { afterAll, describe, expect, it } from 'vitest'
import { closeAll, startAppServer, VARIANTS, visitor } from './browser.ts'
import { harbour, mainAt, openOffice, signInToOffice } from './steps.ts'

afterAll(closeAll)

describe.each(VARIANTS)('Staff view the portal, $label', ({ device }) => {
  it('RS-17 RS-18 RS-19 as a portal user, then as a customer, one click each, and leave', async () => {
    const server = await startAppServer()
    const business = await harbour(server)
    const [docks, quay] = [await business.customer('Dockside Lettings'), await business.customer('Quay Apartments')]
    const naveed = await business.portalUser({ name: 'Naveed Aslam', customers: [docks] })
    await business.owner.ok('createTicket', { customer: docks, subject: 'The gate sticks' })
    await business.owner.ok('createTicket', { customer: quay, subject: 'The lift is slow' })
    const owner = await visitor(device)
    await signInToOffice(owner, server, business.owner.email)
    await openOffice(owner.page, mainAt(server, `/office/${business.slug}/settings/portal/users/${naveed.id}`))
    await owner.press('View portal as Naveed Aslam')
    await owner.see('You are viewing the portal as Naveed Aslam.')
    await owner.accessible()
    const base = owner.page.url().replace(/\/\w+$/, '')
    await owner.page.goto(`${base}/tickets`)
    await owner.see('The gate sticks')
    await owner.press('The gate sticks')
    await owner.arrived(/\/tickets\/[0-9a-f-]+$/)
    await owner.see('You are viewing the portal as Naveed Aslam.')
    await owner.accessible()
    await owner.fill('Write a comment', 'It hums.')
    await owner.press('Send comment')
    await owner.see('You are viewing the portal as a customer sees it.')
    await owner.page.goto(`${base}/tickets`)
    await owner.press('View someone else')
    await owner.arrived(/\/view-as/)
    await owner.accessible()
    await owner.press('View portal as Quay Apartments')
    await owner.see('You are viewing the portal as Quay Apartments.')
    await owner.page.goto(`${owner.page.url().replace(/\/\w+$/, '')}/tickets`)
    await owner.see('The lift is slow')
    await owner.page.goto(`${base}/tickets`)
    await owner.see('The view has ended.')
    const cookies = await owner.page.context().cookies()
    expect(cookies.filter(({ name }) => /portal/.test(name) && !/outcome|people/.test(name))).toEqual([])
  })
})
