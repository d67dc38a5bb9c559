import { describe, expect, it } from 'vitest'
import { home, moved, booked, upload, world, FIELDS } from './jobs.fixtures.ts'
import {
  JOB_STATUSES,
  TRANSITIONS,
  transitionOf,
  progressOf,
  staffNameFor,
  type JobStatus,
  type TransitionRole,
} from './rules.ts'

const { stored } = home
const reset = (job: string, status: JobStatus, worker: string | null) =>
  stored((db) => db.updateTable('jobs').set({ status, worker_id: worker, version: 1 }).where('id', '=', job).execute())

describe('a booking followed to its end', () => {
  it('V-32 V-43 a customer books, the office plans and does it, and the customer sees each step in plain words', async () => {
    const here = await world()
    const { eleanor, dispatcher, worker: marek } = here
    const job = await booked(here)
    const seen = () => eleanor.ok('getPortalJob', { job })
    expect(await seen()).toMatchObject({
      number: 1001,
      status: 'requested',
      address: '14 Pelican Quay, Bristol BS1 6UH',
      can: { edit: true, cancel: true },
    })

    const {
      rows: [row],
    } = await dispatcher.ok('listJobs', { status: 'unassigned' })
    expect(row).toMatchObject({
      id: job,
      status: 'unassigned',
      createdBy: { kind: 'portalUser', name: 'Eleanor Finch' },
    })
    let { version } = row!
    const move = async (who: typeof marek, input: object) =>
      ({ version } = await who.ok('changeJobStatus', { job, version, ...input } as never))
    ;({ version } = await dispatcher.ok('scheduleJob', {
      job,
      version,
      scheduled: { day: '2027-03-02', time: '10:00' },
    }))
    expect(await seen()).toMatchObject({ status: 'requested', scheduledAt: null, worker: null })
    await move(dispatcher, { to: 'pending', worker: marek.id })
    expect(await seen()).toMatchObject({ status: 'scheduled', scheduledAt: null, worker: null })
    await move(marek, { to: 'assigned' })
    expect(await seen()).toMatchObject({
      status: 'scheduled',
      scheduledAt: '2027-03-02T10:00:00.000Z',
      worker: 'Marek',
    })
    await move(marek, { to: 'started' })
    expect(await seen()).toMatchObject({ status: 'progress', closed: { cancel: 'started' }, can: { cancel: false } })
    await move(marek, { to: 'paused' })
    expect((await seen()).status).toBe('progress')
    await move(marek, { to: 'completed' })
    const done = await seen()
    expect(done.status).toBe('completed')
    expect(done.history.map((line) => [line.event, line.to, line.by.name])).toEqual([
      ['created', null, 'Eleanor Finch'],
      ['moved', 'scheduled', 'Dana'],
      ['scheduled', null, 'Marek'],
      ['moved', 'progress', 'Marek'],
      ['moved', 'completed', 'Marek'],
    ])
    expect(done.progress.map((step) => step.is)).toEqual(['done', 'done', 'done', 'done'])
  })

  it('V-51 a job without steps starts and completes by the dispatcher’s move', async () => {
    const here = await world()
    const job = await booked(here)
    for (const [to, more] of [
      ['assigned', { worker: here.worker.id }],
      ['started', {}],
      ['completed', {}],
    ] as const) {
      expect((await moved(here.dispatcher, job, { to, ...more })).status).toBe(200)
    }
    expect(await here.dispatcher.ok('getJob', { job })).toMatchObject({
      status: 'completed',
      startedAt: expect.any(String),
      completedAt: expect.any(String),
    })
  })
})

describe('the table of moves', () => {
  it('E-40 every pair of statuses is allowed to exactly those the table names, and refused with 409 to all others', async () => {
    const here = await world()
    const owner = here.harbour.owner
    const people: [typeof owner, TransitionRole[]][] = [
      [owner, ['dispatcher', 'manager']],
      [here.dispatcher, ['dispatcher']],
      [here.worker, ['worker']],
    ]
    const job = await booked(here)
    const wrong: string[] = []
    for (const from of JOB_STATUSES) {
      for (const to of JOB_STATUSES) {
        for (const [who, movers] of people) {
          await reset(job, from, here.worker.id)
          const reply = await who.call('changeJobStatus', {
            job,
            version: 1,
            to,
            reason: 'Because',
            ...(movers.includes('dispatcher') && ['pending', 'assigned'].includes(to) && { worker: here.worker.id }),
          })
          const allowed = transitionOf(from, to, movers) !== undefined
          // Unpublished jobs are not released: to their worker they are not there.
          const expected = from === 'unpublished' && movers[0] === 'worker' ? 404 : allowed ? 200 : 409
          if (reply.status !== expected)
            wrong.push(`${from} → ${to} by ${movers.join()}: ${reply.status} instead of ${expected}`)
        }
      }
    }
    expect(wrong).toEqual([])
    expect(TRANSITIONS.length).toBeGreaterThan(10)
  })

  it('E-40 reopening and declining ask for a reason, and assigning for a worker', async () => {
    const here = await world()
    const job = await booked(here)
    expect((await moved(here.dispatcher, job, { to: 'assigned' })).body.fields).toMatchObject({
      worker: { code: 'required' },
    })
    await reset(job, 'completed', here.worker.id)
    expect(
      (await here.harbour.owner.call('changeJobStatus', { job, version: 1, to: 'started' })).body.fields,
    ).toMatchObject({
      reason: { code: 'required' },
    })
    await reset(job, 'pending', here.worker.id)
    expect((await here.worker.call('changeJobStatus', { job, version: 1, to: 'declined' })).body.fields).toMatchObject({
      reason: { code: 'required' },
    })
  })

  it('E-52 a declined job is free again at once; its reason stays with the office and never reaches the customer', async () => {
    const here = await world()
    const job = await booked(here)
    await moved(here.dispatcher, job, { to: 'pending', worker: here.worker.id })
    expect((await moved(here.worker, job, { to: 'declined', reason: 'Too far for me' })).body).toMatchObject({
      status: 'unassigned',
    })
    expect((await here.worker.call('getJob', { job })).status).toBe(404)
    const office = await here.dispatcher.ok('getJob', { job })
    expect(office).toMatchObject({ status: 'unassigned', worker: null })
    expect(office.history.map((line) => line.details.reason ?? null)).toContain('Too far for me')
    const portal = await here.eleanor.call('getPortalJob', { job })
    expect(portal.body.status).toBe('requested')
    expect(portal.text).not.toMatch(/Too far|declin|Marek/i)
  })

  it('V-56 E-51 canceling takes the times away and keeps them in the history; bringing back leaves the job unassigned', async () => {
    const here = await world()
    const job = await booked(here)
    await moved(here.dispatcher, job, {
      to: 'assigned',
      worker: here.worker.id,
      scheduled: { day: '2027-03-02', time: '10:00' },
    })
    await moved(here.dispatcher, job, { to: 'started' })
    let { version } = await here.dispatcher.ok('getJob', { job })
    ;({ version } = await here.dispatcher.ok('cancelJob', { job, version, reason: 'Customer moved away' }))
    expect(await here.dispatcher.ok('getJob', { job })).toMatchObject({
      status: 'canceled',
      scheduled: null,
      startedAt: null,
      can: { reinstate: true, schedule: false },
    })
    await here.dispatcher.ok('reinstateJob', { job, version })
    const office = await here.dispatcher.ok('getJob', { job })
    expect(office).toMatchObject({ status: 'unassigned', worker: null, canceledAt: null })
    expect(office.history.find((line) => line.event === 'timesRemoved')?.details).toMatchObject({
      removedScheduledAt: '2027-03-02T10:00:00.000Z',
      removedStartedAt: expect.any(String),
    })
    expect((await here.eleanor.call('getPortalJob', { job })).text).not.toMatch(/moved away/)
    await reset(job, 'completed', null)
    expect((await here.dispatcher.call('cancelJob', { job, version: 1 })).status).toBe(409)
  })

  it('a waiting job says where it stopped, and an address never stands in for a name', () => {
    expect(progressOf('postponed').map((step) => step.status)).toEqual([
      'requested',
      'waiting',
      'scheduled',
      'progress',
      'completed',
    ])
    expect(progressOf('canceled').at(-1)).toEqual({ status: 'canceled', is: 'now' })
    expect(staffNameFor('full', 'marek@harbour.example', 'Harbour')).toBe('Harbour')
    expect(staffNameFor('first', 'Marek Nowak', 'Harbour')).toBe('Marek')
    expect(staffNameFor('business', 'Marek Nowak', 'Harbour')).toBe('Harbour')
  })
})

describe('the office', () => {
  it('creates a job with answers, a worker, a time and an internal note', async () => {
    const here = await world({ fields: [...FIELDS] })
    const made = await here.dispatcher.ok('createJob', {
      customer: here.customer,
      template: here.template,
      site: here.site,
      fields: { margin: '40 %', wrong: 'Leaks' },
      worker: here.worker.id,
      scheduled: { day: '2027-06-01', time: '09:30' },
      tags: ['warranty'],
      note: 'Pays late.',
    })
    expect(await here.dispatcher.ok('getJob', { job: made.id })).toMatchObject({
      status: 'assigned',
      tags: ['warranty'],
      scheduled: { at: '2027-06-01T08:30:00.000Z', day: '2027-06-01', time: '09:30' },
      comments: [{ audience: 'internal', body: 'Pays late.' }],
      fields: [
        { id: 'wrong', value: 'Leaks' },
        {},
        { id: 'contract', value: 'No' },
        { id: 'margin', value: '40 %' },
        {},
      ],
    })
    expect((await here.eleanor.call('getPortalJob', { job: made.id })).text).not.toMatch(
      /Pays late|40 %|Margin|warranty/,
    )
  })

  it('E-44 E-43 a job needs no coordinates and no address, and no time that the clocks jump over', async () => {
    const here = await world()
    const base = { customer: here.customer, template: here.template }
    expect((await here.dispatcher.call('createJob', base)).status).toBe(201)
    expect(
      (await here.dispatcher.call('createJob', { ...base, scheduled: { day: '2027-03-28', time: '01:30' } })).body
        .fields,
    ).toMatchObject({ scheduled: { code: 'timeGap', text: expect.stringContaining('Europe/London') } })
    expect((await here.dispatcher.call('createJob', { ...base, latitude: 51.4 })).status).toBe(422)
  })

  it('PS-36 customers, templates, sites and workers of another business are no choices', async () => {
    const here = await world(),
      there = await world()
    const reply = await here.dispatcher.call('createJob', {
      customer: there.customer,
      template: there.template,
      worker: there.worker.id,
    })
    expect(reply.body.fields).toMatchObject({
      customer: { code: 'choice' },
      template: { code: 'choice' },
      worker: { code: 'choice' },
    })
    expect(
      (await here.dispatcher.call('createJob', { customer: here.customer, template: here.template, site: there.site }))
        .body.fields,
    ).toMatchObject({ site: { code: 'choice' } })
  })

  it('PS-12 a count is what the list would show, whatever else is filtered', async () => {
    const here = await world()
    const other = await here.harbour.template({ name: 'Oven repair' })
    const rachel = await here.harbour.customer('Rachel Okoye')
    const second = await here.harbour.staff('worker', 'Priya Raman')
    const at = async (customer: string, template: string, worker?: string) =>
      (await here.dispatcher.ok('createJob', { customer, template, ...(worker && { worker }) })).id
    await at(here.customer, here.template)
    await at(here.customer, other, here.worker.id)
    await at(rachel, other, second.id)
    await at(rachel, here.template, second.id)
    for (const filter of [
      {},
      { worker: second.id },
      { template: other },
      { search: 'okoye' },
      { worker: ['none', second.id], customer: rachel },
    ] as const) {
      const [{ rows }, counts] = [
        await here.dispatcher.ok('listJobs', filter as never),
        await here.dispatcher.ok('countJobs', filter as never),
      ]
      expect(counts.all).toBe(rows.length)
      for (const { id, count } of counts.status)
        expect((await here.dispatcher.ok('listJobs', { ...filter, status: id } as never)).rows).toHaveLength(count)
      for (const { id, count } of counts.worker)
        expect((await here.dispatcher.ok('listJobs', { ...filter, worker: id } as never)).rows).toHaveLength(count)
      for (const { id, count } of counts.template)
        expect((await here.dispatcher.ok('listJobs', { ...filter, template: id } as never)).rows).toHaveLength(count)
    }
  })

  it('reads page after page without a gap or a double, in every order', async () => {
    const here = await world()
    for (let day = 1; day <= 7; day++)
      await here.dispatcher.ok('createJob', {
        customer: here.customer,
        template: here.template,
        ...(day % 3 !== 0 && { scheduled: { day: `2027-04-0${day}`, time: '09:00' } }),
      })
    for (const sort of ['newest', 'oldest', 'soonest', 'latest', 'changed'] as const) {
      const all = (await here.dispatcher.ok('listJobs', { sort })).rows.map((row) => row.id)
      const read: string[] = []
      for (let cursor: string | undefined; ;) {
        const { rows, next } = await here.dispatcher.ok('listJobs', { sort, limit: 2, ...(cursor && { cursor }) })
        read.push(...rows.map((row) => row.id))
        if (!next) break
        cursor = next
      }
      expect(read).toEqual(all)
    }
    expect((await here.dispatcher.call('listJobs', { cursor: 'bm9uc2Vuc2U' })).status).toBe(422)
  })

  it('E-68 finds by number, customer, answers and place, without regard to case or accents; typed wildcards mean themselves', async () => {
    const here = await world({ fields: [...FIELDS] })
    const rachel = await here.harbour.customer('Renée Oké')
    await stored((db) =>
      db.updateTable('customers').set({ search_text: 'renee oke' }).where('id', '=', rachel).execute(),
    )
    const made = await here.dispatcher.ok('createJob', {
      customer: rachel,
      template: here.template,
      address: '5 Wapping Road',
      fields: { margin: 'sécret' },
    })
    for (const search of ['renee', 'OKÉ wapping', String(made.number), 'secret', 'dishwasher']) {
      expect(
        (await here.dispatcher.ok('listJobs', { search })).rows.map((row) => row.id),
        search,
      ).toContain(made.id)
    }
    for (const search of ['%', 'rene_e', "' or 1=1 --"])
      expect((await here.dispatcher.ok('listJobs', { search })).rows).toEqual([])
  })

  it('a worker sees the jobs given and released to them, and plans nothing', async () => {
    const here = await world()
    const mine = (
      await here.dispatcher.ok('createJob', {
        customer: here.customer,
        template: here.template,
        worker: here.worker.id,
      })
    ).id
    const other = await booked(here)
    expect((await here.worker.ok('listJobs', {})).rows.map((row) => row.id)).toEqual([mine])
    expect((await here.worker.ok('countJobs', {})).all).toBe(1)
    expect((await here.worker.call('getJob', { job: other })).status).toBe(404)
    expect((await here.worker.call('scheduleJob', { job: mine, version: 1, scheduled: null })).status).toBe(403)
    expect((await here.worker.call('createJob', { customer: here.customer, template: here.template })).status).toBe(403)
    expect((await here.worker.call('deleteJob', { job: mine })).status).toBe(403)
    expect(
      (await here.worker.call('changeJobStatus', { job: mine, version: 1, to: 'started', worker: here.dispatcher.id }))
        .status,
    ).toBe(422)
    await reset(mine, 'unpublished', here.worker.id)
    expect((await here.worker.call('getJob', { job: mine })).status).toBe(404)
  })

  it('V-29 a question hidden from workers is not told to one, and stays for the office', async () => {
    const here = await world({
      fields: [
        { id: 'wrong', name: 'What is wrong?', type: 'text', portal: 'optional', worker: 'optional' },
        { id: 'margin', name: 'Margin', type: 'text', portal: 'hidden', worker: 'hidden' },
      ],
    })
    const { id: job } = await here.dispatcher.ok('createJob', {
      customer: here.customer,
      template: here.template,
      worker: here.worker.id,
      fields: { wrong: 'Leaks', margin: 'SECRET' },
    })
    const asked = async (who: typeof here.worker) => (await who.ok('getJob', { job })).fields.map((field) => field.id)
    expect(await asked(here.worker)).toEqual(['wrong'])
    expect((await here.worker.call('getJob', { job })).text).not.toContain('SECRET')
    expect(await asked(here.dispatcher)).toEqual(['wrong', 'margin'])
  })

  it('E-20 a job keeps the questions of the template as they were when it was made', async () => {
    const here = await world({ fields: [...FIELDS] })
    const job = await booked(here, { fields: { wrong: 'Leaks' } })
    await stored(async (db) => {
      await db
        .insertInto('template_versions')
        .values({
          account_id: here.harbour.id,
          template_id: here.template,
          version: 2,
          fields: JSON.stringify([{ ...FIELDS[0], name: 'Fault' }]),
          created_at: home.clock.now(),
        })
        .execute()
      await db.updateTable('templates').set({ version: 2 }).where('id', '=', here.template).execute()
    })
    expect((await here.dispatcher.ok('getJob', { job })).fields.map((field) => field.name)).toEqual(
      FIELDS.map((field) => field.name),
    )
  })

  it('only owner and admin delete, and the bytes of its files go too unless another job holds them', async () => {
    const here = await world()
    const job = await booked(here)
    const { id } = (
      await upload(here.dispatcher, `/office/${here.harbour.slug}/jobs/${job}/files`, {
        more: { audience: 'internal' },
      })
    ).body
    const key = (
      await stored((db) => db.selectFrom('files').select('storage_key').where('id', '=', id).executeTakeFirstOrThrow())
    ).storage_key
    expect((await here.dispatcher.call('deleteJob', { job })).body.code).toBe('managersOnly')
    expect((await here.harbour.owner.call('deleteJob', { job })).status).toBe(200)
    expect((await here.dispatcher.call('getJob', { job })).status).toBe(404)
    await expect(home.app.files.get(key)).rejects.toThrow()
  })
})

describe('two at once', () => {
  it('E-41 of two dispatchers who assign the same job one is told that the other was quicker', async () => {
    const here = await world()
    const second = await here.harbour.staff('worker', 'Priya Raman')
    const job = await booked(here)
    const replies = await Promise.all(
      [here.worker, second].map((who) => here.dispatcher.call('assignJob', { job, version: 1, worker: who.id })),
    )
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, 409])
    expect(replies.find((reply) => reply.status === 409)!.body.code).toBe('jobChanged')
  })

  it('E-41 a cancellation that meets a start loses and changes nothing, twenty times over', async () => {
    const here = await world()
    for (let round = 0; round < 20; round++) {
      const job = await booked(here)
      await reset(job, 'assigned', here.worker.id)
      const [start, cancel] = await Promise.all([
        here.worker.call('changeJobStatus', { job, version: 1, to: 'started' }),
        here.eleanor.call('cancelPortalJob', { job }),
      ])
      const { status } = await here.dispatcher.ok('getJob', { job })
      if (start.status === 200) {
        expect(status).toBe('started')
        expect(cancel).toMatchObject({
          status: 409,
          body: { code: 'jobStarted', title: 'This job has already started. Nothing was changed.' },
        })
      } else {
        expect([status, cancel.status, start.status]).toEqual(['canceled', 200, 409])
      }
    }
  })
})
