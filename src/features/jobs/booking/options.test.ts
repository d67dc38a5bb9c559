import { describe, expect, it } from 'vitest'
import { updatePortalSettings } from '../../../../test/portal.fixtures.ts'
import { FIELDS, home, createWorld } from '../jobs.fixtures.ts'

const { stored } = home
const jobsIn = (account: string) =>
  stored((db) => db.selectFrom('jobs').selectAll().where('account_id', '=', account).orderBy('number').execute())

describe('what may be booked', () => {
  it('V-33 V-24 PS-18 the form offers only customers and job types of this user, and the questions they may see', async () => {
    const here = await createWorld({ fields: [...FIELDS] })
    await here.harbour.template({ name: 'Not offered', offered: false })
    await here.harbour.customer('Somebody else')
    const offered = await here.eleanor.ok('getBookingOptions', { template: here.template })
    expect(offered).toMatchObject({
      allowed: true,
      templates: [{ id: here.template }],
      customers: [{ id: here.customer, sites: [{ id: here.site }] }],
    })
    expect(offered.fields!.map((field) => [field.id, field.permission])).toEqual([
      ['wrong', 'required'],
      ['model', 'optional'],
      ['contract', 'readOnly'],
      ['photos', 'optional'],
    ])
    expect(JSON.stringify(offered)).not.toMatch(/Margin|Not offered|Somebody/)
  })

  it('V-25 a job type taken away from one user is neither offered nor bookable, by whatever id', async () => {
    const here = await createWorld()
    const other = await here.harbour.template({ name: 'Oven repair' })
    const limited = await here.harbour.portalUser({
      customers: [here.customer],
      templatesMode: 'hide',
      templates: [other],
    })
    expect((await limited.ok('getBookingOptions', {})).templates.map((each) => each.id)).toEqual([here.template])
    expect((await limited.call('getBookingOptions', { template: other })).status).toBe(404)
    // Also where the business shows jobs of other templates, so that the template itself is in view.
    for (const hideJobsOfOtherTemplates of [true, false]) {
      await updatePortalSettings(here.harbour, { hideJobsOfOtherTemplates })
      for (const template of [other, '0192f0c1-0000-7000-8000-000000000000']) {
        expect((await limited.call('createPortalJob', { template, address: 'Here' })).body.fields).toMatchObject({
          template: { code: 'choice' },
        })
      }
    }
  })

  it('a user who cannot choose a template books the first one', async () => {
    const here = await createWorld({ permissions: { chooseTemplates: false } })
    const second = await here.harbour.template({ name: 'Oven repair' })
    expect((await here.eleanor.ok('getBookingOptions', {})).templates).toHaveLength(1)
    expect((await here.eleanor.call('createPortalJob', { template: second, site: here.site })).status).toBe(422)
  })

  it('CP-35 a user without permission to book is told so and cannot book', async () => {
    const here = await createWorld({ permissions: { createJobs: false } })
    expect(await here.eleanor.ok('getBookingOptions', {})).toMatchObject({
      allowed: false,
      blockedReason: 'permission',
      templates: [],
    })
    expect(await here.eleanor.ok('listPortalJobs', {})).toMatchObject({ can: { create: false } })
    expect((await here.eleanor.call('createPortalJob', { template: here.template, site: here.site })).body.code).toBe(
      'bookingNotAllowed',
    )
    expect(await jobsIn(here.harbour.id)).toEqual([])
  })
})
