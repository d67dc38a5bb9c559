/** What is wrong with one request is said at once: what its form forbids, and what only stored records can tell. */
import { describe, expect, it } from 'vitest'
import { createWorld, home } from '../src/features/jobs/jobs.fixtures.ts'
import { linkIn, PASSWORD, type OperationName, type Person } from './test-server.ts'

const ANSWERS = [
  { id: 'wrong', name: 'What is wrong?', type: 'text', portal: 'required', worker: 'optional' },
  { id: 'count', name: 'How many', type: 'number', portal: 'optional', worker: 'optional' },
  { id: 'budget', name: 'Budget', type: 'currency', portal: 'optional', worker: 'optional' },
  { id: 'bought', name: 'Bought on', type: 'date', portal: 'optional', worker: 'optional' },
]
const WRONG_ANSWERS = { count: 'about ten', budget: 'cheap', bought: '2027-02-31' }

/** The codes of the fields that a request is refused for. */
async function faultsOf(who: Person, operation: OperationName, input: Record<string, unknown>) {
  const { status, body } = await who.call(operation, input)
  expect([status, body.code]).toEqual([422, 'input'])
  return Object.fromEntries(
    Object.entries(body.fields as Record<string, { code: string }>).map(([path, { code }]) => [path, code]),
  )
}

describe('all that is wrong is said at once', () => {
  it('of a booking: number of jobs, day, time, address and every answer', async () => {
    const { eleanor, template, site, harbour } = await createWorld({ fields: ANSWERS })
    const booking = { template, quantity: 0.5, requested: { day: '2027-02-31', time: '25:00' }, fields: WRONG_ANSWERS }
    expect(await faultsOf(eleanor, 'createPortalJob', booking)).toEqual({
      quantity: 'whole',
      'requested.day': 'format',
      'requested.time': 'format',
      address: 'required',
      'fields.wrong': 'required',
      'fields.count': 'number',
      'fields.budget': 'amount',
      'fields.bought': 'date',
    })
    // Only the contract has an objection: the check of the rest leaves no job, number or email behind.
    const answered = { template, site, fields: { wrong: 'It leaks.' } }
    expect(await faultsOf(eleanor, 'createPortalJob', { ...answered, quantity: 0.5 })).toEqual({ quantity: 'whole' })
    expect((await harbour.owner.ok('listJobs')).rows).toEqual([])
    expect(await home.mailTo(eleanor.email)).toEqual([])
    const { jobs } = await eleanor.ok('createPortalJob', answered)
    expect(jobs.map(({ number }) => number)).toEqual([1001])
  })

  it('of a change by the customer: address, day and answers', async () => {
    const { eleanor, template, site } = await createWorld({ fields: ANSWERS })
    const { jobs } = await eleanor.ok('createPortalJob', { template, site, fields: { wrong: 'It leaks.' } })
    const job = jobs[0]!.id
    const change = { job, version: 1, address: 'x'.repeat(501), requested: { day: 'soon' }, fields: { count: 'ten' } }
    expect(await faultsOf(eleanor, 'updatePortalJob', change)).toEqual({
      address: 'tooLong',
      'requested.day': 'format',
      'fields.count': 'number',
    })
  })

  it('of a job in the office: customer, duration, worker and answers', async () => {
    const { dispatcher, template, customer } = await createWorld({ fields: ANSWERS })
    const unknown = customer.replace(/.{6}$/, 'ffffff')
    const job = { customer: '', template, durationMinutes: 1, worker: unknown, fields: WRONG_ANSWERS }
    expect(await faultsOf(dispatcher, 'createJob', job)).toEqual({
      customer: 'required',
      durationMinutes: 'duration',
      worker: 'choice',
      'fields.count': 'number',
      'fields.budget': 'amount',
      'fields.bought': 'date',
    })
  })

  it('of a sign-up: email, password and the details that the business asks for', async () => {
    const business = await home.business()
    const { version } = await business.owner.ok('getPortalSettings')
    const signUpFields = { name: 'required', phone: 'required', company: 'off', address: 'required' } as const
    await business.owner.ok('updatePortalSettings', { version, signUpFields })
    const details = { email: 'not an address', name: '', password: 'short', company: 'x'.repeat(300) }
    expect(await faultsOf(business.visitor(), 'signUp', details)).toEqual({
      email: 'email',
      name: 'required',
      company: 'tooLong',
      phone: 'required',
      address: 'required',
      password: 'passwordTooShort',
    })
  })

  it('of an invited colleague: name and password', async () => {
    const { owner } = await home.business()
    await owner.ok('inviteStaff', { email: 'kim@staff.example', role: 'worker' })
    const mails = await home.mailTo('kim@staff.example')
    const token = linkIn(mails.at(-1)!, /http\S+\/office\/join\/\S+/)
      .split('/')
      .at(-1)!
    for (const name of [undefined, 'x'.repeat(300)]) {
      const faults = await faultsOf(home.anyone(), 'acceptStaffInvitation', { token, name, password: 'short' })
      expect(faults).toEqual({ name: name ? 'tooLong' : 'required', password: 'passwordTooShort' })
    }
  })

  it('of a change of password: the present one and the new one, and each attempt counts', async () => {
    const { eleanor, dispatcher } = await createWorld()
    const wrong = { password: 'short' }
    expect(await faultsOf(eleanor, 'changePortalPassword', { ...wrong, current: 'wrong' })).toEqual({
      current: 'wrongPassword',
      password: 'passwordTooShort',
    })
    expect(await faultsOf(dispatcher, 'changePassword', { ...wrong, currentPassword: 'wrong' })).toEqual({
      currentPassword: 'wrongPassword',
      password: 'passwordTooShort',
    })
    const isMissing = { current: 'wrongPassword', password: 'required' }
    for (let attempt = 2; attempt <= 10; attempt += 1)
      expect(await faultsOf(eleanor, 'changePortalPassword', { current: 'wrong', password: '' })).toEqual(isMissing)
    // Guessing is limited to ten in a quarter of an hour, also by requests that could never succeed.
    const { body } = await eleanor.call('changePortalPassword', { current: PASSWORD, password: '' })
    expect(body.code).toBe('tooMany')
  })

  it('of a customer: name, number of the business and a half-given location', async () => {
    const { owner } = await home.business()
    await owner.ok('createCustomer', { name: 'Dockside Lettings', reference: 'C-1' })
    const site = { address: '14 Pelican Quay', latitude: 51.4 }
    const customer = { name: 'x'.repeat(300), reference: 'C-1', site }
    expect(await faultsOf(owner, 'createCustomer', customer)).toEqual({
      name: 'tooLong',
      reference: 'taken',
      'site.longitude': 'required',
    })
    const { rows } = await owner.ok('listCustomers')
    const change = { customer: rows[0]!.id, name: '', version: 1 }
    await owner.ok('createCustomer', { name: 'Southville Hotel', reference: 'C-2' })
    expect(await faultsOf(owner, 'updateCustomer', { ...change, reference: 'C-2' })).toEqual({
      name: 'required',
      reference: 'taken',
    })
    expect(await faultsOf(owner, 'addSite', { customer: rows[0]!.id, address: '', latitude: 51.4 })).toEqual({
      address: 'required',
      longitude: 'required',
    })
  })

  it('of a template: one field without a name, another without options', async () => {
    const { owner } = await home.business()
    const permissions = { portal: 'optional', worker: 'optional' }
    const fields = [
      { name: '', type: 'text', ...permissions },
      { name: 'Color', type: 'pickList', options: [], ...permissions },
    ]
    const faults = await faultsOf(owner, 'createTemplate', { name: '', description: '', icon: 'wrench', fields })
    expect(Object.keys(faults)).toEqual(['name', 'fields.0.name', 'fields.1.options'])
  })

  it('of a portal user and of the portal’s settings', async () => {
    const { harbour, customer } = await createWorld()
    const unknown = customer.replace(/.{6}$/, 'ffffff')
    expect(await faultsOf(harbour.owner, 'addPortalUser', { email: 'nobody', customers: [unknown] })).toEqual({
      email: 'email',
      customers: 'choice',
    })
    const { version } = await harbour.owner.ok('getPortalSettings')
    const settings = { version, name: 'x'.repeat(81), signUpDomains: ['not a domain'], blockedEmails: ['nobody'] }
    expect(await faultsOf(harbour.owner, 'updatePortalSettings', settings)).toEqual({
      name: 'tooLong',
      signUpDomains: 'domain',
      blockedEmails: 'email',
    })
  })
})
