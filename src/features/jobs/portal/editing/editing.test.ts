import { describe, expect, it } from 'vitest'
import { bookJob, FIELDS, home, moveJob, createWorld } from '../../jobs.fixtures.ts'

const { stored } = home

describe('what a customer does', () => {
  it('E-20 a customer edits answers, address and requested time before the start; read-only and hidden answers stay', async () => {
    const here = await createWorld({ fields: [...FIELDS] })
    const job = await bookJob(here, { fields: { wrong: 'Leaks' } })
    await here.eleanor.ok('updatePortalJob', {
      job,
      version: 1,
      fields: { wrong: 'Leaks and beeps' },
      address: 'Back door, 14 Pelican Quay',
      requested: { day: '2033-07-01', time: '14:00' },
    })
    const seen = await here.eleanor.ok('getPortalJob', { job })
    expect(seen).toMatchObject({
      version: 2,
      address: 'Back door, 14 Pelican Quay',
      requestedAt: '2033-07-01T13:00:00.000Z',
    })
    expect(seen.fields.map((field) => field.value)).toEqual(['Leaks and beeps', undefined, 'No', undefined])
    expect(seen.history.at(-1)).toMatchObject({ event: 'edited', by: { kind: 'you' } })
    for (const fields of [{ margin: 'x' }, { contract: 'Yes' }, { wrong: '' }])
      expect((await here.eleanor.call('updatePortalJob', { job, version: 2, fields })).status).toBe(422)
    expect((await here.eleanor.call('updatePortalJob', { job, version: 1, fields: {} })).body.code).toBe('jobChanged')
    expect((await here.eleanor.ok('listPortalJobs', { search: 'beeps' })).rows).toHaveLength(1)
  })

  it('V-21 E-60 what a link does not permit is refused before anything is written', async () => {
    const here = await createWorld({ permissions: { editJobs: false, cancelJobs: false, deleteJobs: false } })
    const job = await bookJob(here)
    expect(await here.eleanor.ok('getPortalJob', { job })).toMatchObject({
      can: { edit: false, cancel: false, delete: false },
      closed: { edit: null, cancel: null, delete: null },
    })
    const before = await stored((db) =>
      db.selectFrom('jobs').selectAll().where('id', '=', job).executeTakeFirstOrThrow(),
    )
    expect((await here.eleanor.call('updatePortalJob', { job, version: 1, address: 'x' })).body.code).toBe(
      'editingNotAllowed',
    )
    expect((await here.eleanor.call('cancelPortalJob', { job })).body.code).toBe('cancelingNotAllowed')
    expect((await here.eleanor.call('deletePortalJob', { job })).body.code).toBe('deletingNotAllowed')
    expect(
      await stored((db) => db.selectFrom('jobs').selectAll().where('id', '=', job).executeTakeFirstOrThrow()),
    ).toEqual(before)
    expect((await here.dispatcher.ok('getJobHistory', { job })).rows).toHaveLength(1)
  })

  it('PS-35 a switch of the account caps every permission', async () => {
    const here = await createWorld({ permissions: { cancelJobs: true } })
    const job = await bookJob(here)
    await stored((db) =>
      db
        .updateTable('portal_settings')
        .set({
          switches: JSON.stringify({
            viewJobs: true,
            createJobs: true,
            chooseTemplates: true,
            editJobs: true,
            cancelJobs: false,
            deleteJobs: true,
          }),
        })
        .where('account_id', '=', here.harbour.id)
        .execute(),
    )
    expect((await here.eleanor.call('cancelPortalJob', { job })).body.code).toBe('cancelingNotAllowed')
  })

  it('V-56 canceling keeps the job in the list with the customer’s reason; only an unscheduled job can be deleted', async () => {
    const here = await createWorld({ permissions: { deleteJobs: true } })
    const [canceled, gone, planned] = [await bookJob(here), await bookJob(here), await bookJob(here)]
    await moveJob(here.dispatcher, canceled, {
      to: 'assigned',
      worker: here.worker.id,
      scheduled: { day: '2027-03-02', time: '10:00' },
    })
    await here.eleanor.ok('cancelPortalJob', { job: canceled, reason: 'Fixed itself' })
    expect(await here.eleanor.ok('getPortalJob', { job: canceled })).toMatchObject({
      status: 'canceled',
      scheduledAt: null,
      can: { cancel: false },
      history: [{}, {}, { reason: 'Fixed itself', by: { kind: 'you' } }],
    })
    expect((await here.dispatcher.ok('getJobHistory', { job: canceled })).rows.at(-1)!.details).toMatchObject({
      reason: 'Fixed itself',
      removedScheduledAt: '2027-03-02T10:00:00.000Z',
    })
    for (const move of [{ to: 'unpublished' }, { to: 'pending', worker: here.worker.id }]) {
      await moveJob(here.dispatcher, planned, move)
      expect((await here.eleanor.call('deletePortalJob', { job: planned })).body.code).toBe('deletingClosed')
    }
    await moveJob(here.worker, planned, { to: 'assigned' })
    expect((await here.eleanor.call('deletePortalJob', { job: planned })).body.code).toBe('deletingClosed')
    await here.eleanor.ok('deletePortalJob', { job: gone })
    expect((await here.eleanor.call('getPortalJob', { job: gone })).status).toBe(404)
    expect((await here.eleanor.call('cancelPortalJob', { job: canceled })).body.code).toBe('cancelingClosed')
  })

  it('E-41 an edit from a page that was opened before another change is refused and stores nothing', async () => {
    const here = await createWorld({ fields: [{ ...FIELDS[1] }] })
    const job = await bookJob(here, { fields: { model: 'A1' } })
    const { version } = await here.eleanor.ok('getPortalJob', { job })
    await here.eleanor.ok('updatePortalJob', { job, version, fields: { model: 'B2' } })
    const stale = await here.eleanor.call('updatePortalJob', { job, version, fields: { model: 'C3' } })
    expect([stale.status, stale.body.code]).toEqual([409, 'jobChanged'])
    expect((await here.eleanor.ok('getPortalJob', { job })).fields[0]?.value).toBe('B2')
  })

  it('PS-30 PS-36 a customer’s comment is for both sides, whatever is sent along', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    for (const more of [{ audience: 'internal' }, { author_id: here.dispatcher.id }])
      expect((await here.eleanor.call('addPortalComment', { job, body: 'x', ...more })).status).toBe(422)
    await here.eleanor.ok('addPortalComment', { job, body: 'The door code is 12.\r\nThanks' })
    expect((await here.dispatcher.ok('getJob', { job })).comments).toMatchObject([
      { audience: 'customer', body: 'The door code is 12.\nThanks', by: { kind: 'portalUser', id: here.eleanor.id } },
    ])
    expect((await here.eleanor.call('addPortalComment', { job, body: '   ' })).body.fields).toMatchObject({
      body: { code: 'required' },
    })
  })

  it('PS-37 office operations do not exist for a customer, and the portal’s do not for staff', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    for (const [name, input] of [
      ['listJobs', {}],
      ['getJob', { job }],
      ['changeJobStatus', { job, version: 1, to: 'completed' }],
      ['addJobComment', { job, audience: 'internal', body: 'x' }],
      ['deleteJob', { job }],
    ] as const) {
      expect([401, 404]).toContain((await here.eleanor.call(name, input as never)).status)
    }
    expect([401, 404]).toContain((await here.dispatcher.call('getPortalJob', { job })).status)
  })
})
