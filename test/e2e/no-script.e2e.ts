/** Every essential task works without JavaScript. */
import { afterAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../test-server.ts'
import { closeAll, DEVICES, visitor, startAppServer } from './browser.ts'
import { dayFromNow, followMail, harbour, portalAt, QUESTION, signInToOffice, signInToPortal } from './steps.ts'

afterAll(closeAll)

const PHOTO = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

describe.each(DEVICES)('Without JavaScript, on a %s', (device) => {
  it('V-10 V-32 V-33 a customer signs up, activates, books with a photo, comments and finds the job again', async () => {
    const server = await startAppServer()
    const business = await harbour(server)
    const person = await visitor(device, { javaScript: false })
    const { page } = person
    const email = `sofia.${device}@post.example`
    await page.goto(portalAt(server, business.slug, '/signup'))
    await person.fill('Name', 'Sofia Lindqvist')
    await person.fill('Email', email)
    await person.fill('Phone', '07700 900222')
    await person.fill('Password', PASSWORD)
    await person.press('Sign up', page.locator('form'))
    await person.see('Check your email to finish signing up.')
    await followMail(person, server, email, 'Confirm your email')
    await person.press('Activate account')
    await person.press(/Dishwasher repair/)
    await person.fill('Service address', '2 Orchard Lane, Bath BA1 2QD')
    await person.fill('What is wrong?', 'It hums and does nothing.')
    await page
      .locator('[name="upload.files"]')
      .first()
      .setInputFiles({ name: 'machine.png', mimeType: 'image/png', buffer: PHOTO })
    await person.fill('Day', dayFromNow(5))
    await person.fill('Time', '14:00')
    await person.press('Send request')
    await person.see('Request received.')
    await person.see('machine.png')
    await person.fill('Write a comment', 'The gate is open after ten.')
    await person.press('Send comment')
    await person.see('The gate is open after ten.')

    await person.context.clearCookies()
    await signInToPortal(person, server, business.slug, email)
    await person.press('Dishwasher repair')
    await person.see('It hums and does nothing.')
    await person.close()
  })

  it('E-41 E-23 a checked box is stored; an edit after the start and a booking for an unlinked customer are refused', async () => {
    const server = await startAppServer()
    const business = await server.business()
    await business.template({
      name: 'Dishwasher repair',
      fields: [
        QUESTION,
        {
          id: 'parking',
          name: 'Parking available',
          type: 'checkbox',
          portal: 'optional',
          worker: 'optional',
        },
      ],
    })
    const [first, second] = [
      await business.customer('Eleanor Finch'),
      await business.customer('Redcliffe Parade Lettings'),
    ]
    await business.site(first)
    const eleanor = await business.portalUser({ customers: [first, second] })
    const person = await visitor(device, { javaScript: false })
    await signInToPortal(person, server, business.slug, eleanor.email)
    await person.press(/Dishwasher repair/)
    await person.choose('Customer', 'Eleanor Finch')
    await person.press('Show addresses')
    await person.choose('Service address', 'Another address')
    await person.fill(
      'Other address',
      'The workshop behind the sheds at the very end of Hanover Place, Bristol BS1 6XW',
    )
    await person.fill('What is wrong?', 'Leaks.')
    await person.tick('Parking available')
    await person.press('Send request')
    await person.see('Request received.')
    const job = () =>
      server.stored((db) =>
        db.selectFrom('jobs').select(['id', 'fields']).where('account_id', '=', business.id).executeTakeFirstOrThrow(),
      )
    const { id, fields } = await job()
    expect(fields).toEqual({ wrong: 'Leaks.', parking: true })

    await person.press('Edit job')
    await person.arrived(/\/edit$/)
    await server.stored((db) => db.updateTable('jobs').set({ status: 'started' }).where('id', '=', id).execute())
    await person.fill('What is wrong?', 'Everything.')
    await person.press('Save changes')
    await person.see('This job has already started. Nothing was changed.')
    expect((await job()).fields).toEqual(fields)

    await person.page.goto(portalAt(server, business.slug, '/jobs/new'))
    await person.choose('Customer', 'Redcliffe Parade Lettings')
    await person.press('Show addresses')
    await person.fill('Service address', '8 Guinea Street, Bristol BS1 6SX')
    await person.fill('What is wrong?', 'It hums.')
    await server.stored((db) =>
      db.deleteFrom('portal_links').where('account_id', '=', business.id).where('customer_id', '=', second).execute(),
    )
    await person.press('Send request')
    await person.see('You no longer have access to this customer.')
    expect(
      await server.stored((db) => db.selectFrom('jobs').select('id').where('account_id', '=', business.id).execute()),
    ).toHaveLength(1)
    await person.close()
  })

  it('E-40 a dispatcher signs in, opens a job from the list, schedules and starts it', async () => {
    const server = await startAppServer()
    const business = await harbour(server)
    const customer = await business.customer('Eleanor Finch')
    const eleanor = await business.portalUser({ customers: [customer] })
    const template = (await eleanor.ok('getBookingOptions')).templates[0]!.id
    const { id } = (
      await eleanor.ok('createPortalJob', {
        template,
        site: await business.site(customer),
        fields: { wrong: 'Leaks.' },
      })
    ).jobs[0]!
    const dispatcher = await business.staff('dispatcher', 'Dana Reyes')
    const worker = await business.staff('worker', 'Marek Nowak')
    const person = await visitor(device, { javaScript: false })
    await signInToOffice(person, server, dispatcher.email)
    if (device === 'phone') await person.press('Menu, ')
    await person.press('Jobs')
    await person.press(/Dishwasher repair/)
    await person.press('Assign and schedule')
    await person.choose('Worker', 'Marek Nowak')
    await person.fill('Scheduled time, date', dayFromNow(2))
    await person.fill('Scheduled time, time', '10:30')
    await person.press('Save')
    await person.see('Schedule saved.')
    await person.press('Start job')
    await person.see('Job started.')
    const stored = await server.stored((db) =>
      db.selectFrom('jobs').select(['status', 'worker_id']).where('id', '=', id).executeTakeFirstOrThrow(),
    )
    expect(stored).toEqual({ status: 'started', worker_id: worker.id })
    await person.close()
  })
})
