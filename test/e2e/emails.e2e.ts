/** People choose which emails they get, and the office sees which comments nobody has read. */
import { afterAll, describe, expect, it } from 'vitest'
import { closeAll, startAppServer, visitor, VARIANTS } from './browser.ts'
import { dayFromNow, followMail, goTo, harbour, mainAt, portalAt, signInToOffice, signInToPortal } from './steps.ts'

afterAll(closeAll)

/** A customer's job with its booking, at a business of its own. */
async function startJourney() {
  const server = await startAppServer()
  const business = await harbour(server)
  const customer = await business.customer('Eleanor Finch')
  const site = await business.site(customer)
  const eleanor = await business.portalUser({ customers: [customer] })
  const dispatcher = await business.staff('dispatcher', 'Dana Reyes')
  const template = (await eleanor.ok('getBookingOptions')).templates[0]!.id
  const fields = { wrong: 'Leaks at the door.' }
  const job = (await eleanor.ok('createPortalJob', { template, site, fields })).jobs[0]!
  return { server, business, eleanor, dispatcher, job }
}

describe.each(VARIANTS)('Emails about jobs, $label', ({ device }) => {
  it('CP-37 a customer follows the email about a visit, and turns that kind off from its footer', async () => {
    const { server, business, eleanor, dispatcher, job } = await startJourney()
    const { id: worker } = await business.staff('worker', 'Marek Nowak')
    const day = dayFromNow(4)
    const scheduled = { day, time: '10:30' }
    const { version } = await dispatcher.ok('scheduleJob', { job: job.id, version: 1, scheduled })
    await dispatcher.ok('assignJob', { job: job.id, version, worker })
    server.clock.advance(5 * 60_000)
    await server.app.deliverer.collect()

    const person = await visitor(device)
    await signInToPortal(person, server, business.slug, eleanor.email)
    await followMail(person, server, eleanor.email, 'Visit scheduled')
    await person.arrived(new RegExp(`/jobs/${job.id}`))
    await person.see('Scheduled')
    await person.page.goto(portalAt(server, business.slug, '/account#emails'))
    await person.see('Which emails you get')
    await person.accessible()
    await person.page.getByLabel('A visit is moved or postponed').press('Space')
    await person.press('Save emails')
    await person.see('Emails saved.')
    await person.accessible()
    expect((await eleanor.ok('getPortalEmailChoices')).emails).toContainEqual({ kind: 'rescheduled', on: false })
    expect((await eleanor.ok('getPortalEmailChoices')).emails).toContainEqual({ kind: 'scheduled', on: true })
    expect(await person.page.getByLabel('A visit is moved or postponed').isChecked()).toBe(false)
    await person.close()
  })

  it('a dispatcher turns a kind off in the profile, and the owner one of each side for everybody', async () => {
    const { server, business, eleanor, dispatcher } = await startJourney()
    const staff = await visitor(device)
    await signInToOffice(staff, server, dispatcher.email)
    await staff.page.goto(mainAt(server, `/office/${business.slug}/profile#emails`))
    await staff.page.getByLabel('A customer comments').press('Space')
    await staff.press('Save emails')
    await staff.see('Emails saved.')
    await staff.accessible()
    expect((await dispatcher.ok('getEmailChoices')).emails).toContainEqual({ kind: 'commented', on: false })
    expect((await dispatcher.ok('getEmailChoices')).emails).toContainEqual({ kind: 'edited', on: true })
    await staff.close()

    const owner = await visitor(device)
    await signInToOffice(owner, server, business.owner.email)
    await owner.page.goto(mainAt(server, `/office/${business.slug}/settings/portal`))
    await owner.page.getByLabel('Job completed').press('Space')
    await owner.page.getByLabel('Job changed by a customer').press('Space')
    await owner.page.getByLabel('Booking received').press('Space')
    await owner.press('Save changes')
    await owner.see('Changes saved.')
    await owner.accessible()
    expect(await business.owner.ok('getPortalSettings')).toMatchObject({
      confirmBookings: false,
      customerEmails: { scheduled: true, rescheduled: true, canceled: true, completed: false, commented: true },
      staffEmails: { booked: true, commented: true, edited: false, canceled: true },
    })
    const kinds = (await eleanor.ok('getPortalEmailChoices')).emails.map(({ kind }) => kind)
    expect(kinds).toEqual([
      ...['scheduled', 'rescheduled', 'canceled', 'commented', 'ticketCreated', 'ticketReplied', 'ticketMoved'],
    ])
    await owner.close()
  })

  it('an unread comment is marked in the list, listed alone, and read when the job is opened', async () => {
    const { server, eleanor, dispatcher, job } = await startJourney()
    await eleanor.ok('addPortalComment', { job: job.id, body: 'Please ring twice.' })
    const staff = await visitor(device)
    await signInToOffice(staff, server, dispatcher.email)
    await goTo(staff, 'Jobs')
    await staff.see('1 unread comment')
    await staff.press(/^Unread comments/)
    await staff.arrived(/comments=unread/)
    await staff.accessible()
    await staff.press(/Dishwasher repair/)
    await staff.see('Please ring twice.')
    await staff.accessible()
    await expect.poll(async () => (await dispatcher.ok('countJobs')).unread).toBe(0)
    await goTo(staff, 'Jobs')
    await staff.see('Dishwasher repair')
    expect(await staff.page.getByText('1 unread comment').count()).toBe(0)
    await staff.close()
  })
})

describe('Emails about jobs, without script', () => {
  it('comments are read by a button, and switches are saved', async () => {
    const { server, business, eleanor, dispatcher, job } = await startJourney()
    await eleanor.ok('addPortalComment', { job: job.id, body: 'Please ring twice.' })
    const staff = await visitor('desktop', { javaScript: false })
    await signInToOffice(staff, server, dispatcher.email)
    await staff.page.goto(mainAt(server, `/office/${business.slug}/jobs/${job.id}`))
    await staff.see('1 unread comment')
    expect((await dispatcher.ok('countJobs')).unread).toBe(1)
    await staff.press('Mark as read')
    await staff.page.getByText('1 unread comment').waitFor({ state: 'detached' })
    expect((await dispatcher.ok('countJobs')).unread).toBe(0)
    await staff.page.goto(mainAt(server, `/office/${business.slug}/profile`))
    await staff.page.getByLabel('A customer comments').press('Space')
    await staff.press('Save emails')
    await staff.see('Emails saved.')
    expect((await dispatcher.ok('getEmailChoices')).emails).toContainEqual({ kind: 'commented', on: false })
    await staff.close()
  })
})
