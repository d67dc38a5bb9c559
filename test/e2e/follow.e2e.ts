/** A job from request to completion, as dispatcher and customer see it. */
import { afterAll, describe, it } from 'vitest'
import { closeAll, visitor, VARIANTS, startAppServer } from './browser.ts'
import { dayFromNow, goTo, harbour, portalAt, signInToOffice, signInToPortal } from './steps.ts'

afterAll(closeAll)

describe.each(VARIANTS)('A dispatcher and a customer, $label', ({ device }) => {
  it('CP-35 E-40 V-35 the job is assigned, scheduled, started and completed; the customer sees each step', async () => {
    const server = await startAppServer()
    const business = await harbour(server)
    const customer = await business.customer('Eleanor Finch')
    const site = await business.site(customer)
    const eleanor = await business.portalUser({ customers: [customer] })
    const dispatcher = await business.staff('dispatcher', 'Dana Reyes')
    await business.staff('worker', 'Marek Nowak')
    const template = (await eleanor.ok('getBookingOptions')).templates[0]!.id
    const { id, number } = (
      await eleanor.ok('createPortalJob', {
        template,
        site,
        fields: { wrong: 'Leaks at the door.' },
        requested: { day: dayFromNow(3), time: '09:00' },
      })
    ).jobs[0]!
    const office = await visitor(device)
    const customerPage = await visitor(device)

    await signInToPortal(customerPage, server, business.slug, eleanor.email)
    await customerPage.press('Dishwasher repair')
    await customerPage.see('Requested for')
    await customerPage.accessible()
    const expectOnJobPage = async (words: string | RegExp) => {
      await customerPage.page.goto(portalAt(server, business.slug, `/jobs/${id}`))
      await customerPage.see(words)
      await customerPage.accessible()
    }

    await signInToOffice(office, server, dispatcher.email)
    await goTo(office, 'Jobs')
    await office.press(/Dishwasher repair/)
    await office.see(`Job ${number}`)
    await office.accessible()
    await office.press('Assign and schedule')
    await office.see(/^Assign and schedule job/)
    await office.accessible()
    await office.choose('Worker', 'Marek Nowak')
    await office.fill('Scheduled time, date', dayFromNow(4))
    await office.fill('Scheduled time, time', '10:30')
    await office.press('Save')
    await office.see('Schedule saved.')
    await office.accessible()
    await expectOnJobPage(/Technician: Marek/)
    await customerPage.see('Scheduled')

    await office.press('Start job')
    await office.see('Job started.')
    await expectOnJobPage('In progress')
    await office.press('Complete job')
    await office.page.getByRole('button', { name: 'Complete job' }).waitFor({ state: 'detached' })
    await office.accessible()
    await expectOnJobPage('Job completed')
    await customerPage.close()
    await office.close()
  })
})
