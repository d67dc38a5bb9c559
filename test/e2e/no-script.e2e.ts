/** With JavaScript switched off: everything that people must be able to do, they can. */
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
  it('V-10 V-32 V-33 a customer signs up, activates, books with a picture, comments, and finds the job again', async () => {
    const server = await startAppServer()
    const business = await harbour(server)
    const me = await visitor(device, { javaScript: false })
    const { page } = me
    const email = `sofia.${device}@post.example`
    await page.goto(portalAt(server, business.slug, '/signup'))
    await me.fill('Name', 'Sofia Lindqvist')
    await me.fill('Email', email)
    await me.fill('Phone', '07700 900222')
    await me.fill('Password', PASSWORD)
    await me.press('Sign up', page.locator('form'))
    await me.see('Check your email to finish signing up.')
    await followMail(me, server, email, 'Confirm your email')
    await me.press('Activate account')
    await me.press(/Dishwasher repair/)
    await me.fill('Service address', '2 Orchard Lane, Bath BA1 2QD')
    await me.fill('What is wrong?', 'It hums and does nothing.')
    await page
      .getByLabel(/^Photos and documents/)
      .setInputFiles({ name: 'machine.png', mimeType: 'image/png', buffer: PHOTO })
    await me.fill('Day', dayFromNow(5))
    await me.fill('Time', '14:00')
    await me.press('Book job')
    await me.see('Request received.')
    await me.see('machine.png')
    await me.fill('Write a comment', 'The gate is open after ten.')
    await me.press('Send comment')
    await me.see('The gate is open after ten.')

    await me.context.clearCookies()
    await signInToPortal(me, server, business.slug, email)
    await me.press('Dishwasher repair')
    await me.see('It hums and does nothing.')
    await me.close()
  })

  it('E-41 E-23 a ticked box is kept; an edit after the start, and a booking for a customer taken away meanwhile, say so and store nothing', async () => {
    const server = await startAppServer()
    const business = await server.business()
    await business.template({
      name: 'Dishwasher repair',
      fields: [
        QUESTION,
        {
          id: 'parking',
          name: 'There is parking at the door',
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
    const me = await visitor(device, { javaScript: false })
    await signInToPortal(me, server, business.slug, eleanor.email)
    await me.press(/Dishwasher repair/)
    await me.choose('Customer', 'Eleanor Finch')
    await me.choose('Service address', 'Another address')
    await me.fill('Other address', 'The workshop behind the sheds at the very end of Hanover Place, Bristol BS1 6XW')
    await me.fill('What is wrong?', 'Leaks.')
    await me.tick('There is parking at the door')
    await me.press('Book job')
    await me.see('Request received.')
    const job = () =>
      server.stored((db) =>
        db.selectFrom('jobs').select(['id', 'fields']).where('account_id', '=', business.id).executeTakeFirstOrThrow(),
      )
    const { id, fields } = await job()
    expect(fields).toEqual({ wrong: 'Leaks.', parking: true })

    await me.press('Edit job')
    await me.arrived(/\/edit$/)
    await server.stored((db) => db.updateTable('jobs').set({ status: 'started' }).where('id', '=', id).execute())
    await me.fill('What is wrong?', 'Everything.')
    await me.press('Save changes')
    await me.see('This job has already started. Nothing was changed.')
    expect((await job()).fields).toEqual(fields)

    await me.page.goto(portalAt(server, business.slug, '/jobs/new'))
    await me.choose('Customer', 'Redcliffe Parade Lettings')
    await me.choose('Service address', 'Another address')
    await me.fill('Other address', '8 Guinea Street, Bristol BS1 6SX')
    await me.fill('What is wrong?', 'It hums.')
    await server.stored((db) =>
      db.deleteFrom('portal_links').where('account_id', '=', business.id).where('customer_id', '=', second).execute(),
    )
    await me.press('Book job')
    await me.see('You no longer have access to this customer.')
    expect(
      await server.stored((db) => db.selectFrom('jobs').select('id').where('account_id', '=', business.id).execute()),
    ).toHaveLength(1)
    await me.close()
  })

  it('E-40 a dispatcher signs in, opens a job from the list and moves it', async () => {
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
    const me = await visitor(device, { javaScript: false })
    await signInToOffice(me, server, dispatcher.email)
    if (device === 'phone') await me.press('Menu, ')
    await me.press('Jobs')
    await me.press(/Dishwasher repair/)
    await me.press('Assign and schedule')
    await me.choose('Worker', 'Marek Nowak')
    await me.fill('Scheduled time, date', dayFromNow(2))
    await me.fill('Scheduled time, time', '10:30')
    await me.press('Save schedule')
    await me.see('Schedule saved.')
    await me.press('Start job')
    await me.see('Job started.')
    const stored = await server.stored((db) =>
      db.selectFrom('jobs').select(['status', 'worker_id']).where('id', '=', id).executeTakeFirstOrThrow(),
    )
    expect(stored).toEqual({ status: 'started', worker_id: worker.id })
    await me.close()
  })
})
