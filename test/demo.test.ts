import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { loadDemo } from '../demo/demo.ts'
import { DEMO_PASSWORD, DEMO_SIGN_INS, demoWelcome } from '../demo/sign-ins.ts'
import { JOB_STATUSES, type JobStatus } from '../src/features/jobs/rules.ts'
import { transitionOf, type TransitionRole } from '../src/features/jobs/transitions/rules.ts'
import { checkFieldValues } from '../src/features/templates/answers/rules.ts'
import { FIELD_PERMISSIONS, FIELD_TYPES, type Field, type FieldValues } from '../src/features/templates/fields/rules.ts'
import { checkFields } from '../src/features/templates/rules.ts'
import { createTestClock } from '../src/platform/clock.ts'
import { passwordProblem } from '../src/platform/secrets.ts'
import { startSeparateServer, type TestServer } from './test-server.ts'

let server: TestServer
let loadDuration: number
const load = (at: TestServer) =>
  loadDemo({ pool: at.app.pools.system, files: at.app.files, now: at.clock.now(), host: 'localhost' })

beforeAll(async () => {
  // Thursday morning; the other days have a test of their own.
  server = await startSeparateServer(inject('world'), { clock: createTestClock('2026-11-26T10:13:00Z'), demo: true })
  const start = performance.now()
  await load(server)
  loadDuration = performance.now() - start
})
afterAll(() => server.close())

const staffOf = async (email: string, slug: string) => {
  const person = { ...server.anyone({ slug }) }
  await person.ok('signIn', { email, password: DEMO_PASSWORD })
  return person
}

describe('the demo', () => {
  it('loads in under 15 seconds, and loading it again changes nothing', async () => {
    expect(loadDuration).toBeLessThan(15_000)
    const count = () =>
      server.stored(async (db) =>
        Promise.all(
          (['people', 'customers', 'jobs', 'outbox'] as const).map(async (table) =>
            Number(
              (
                await db
                  .selectFrom(table)
                  .select((row) => row.fn.countAll().as('n'))
                  .executeTakeFirstOrThrow()
              ).n,
            ),
          ),
        ),
      )
    const before = await count()
    expect(await load(server)).toEqual([])
    expect(await count()).toEqual(before)
  })

  it('every printed sign-in works with the printed password', async () => {
    const text = demoWelcome({ publicUrl: new URL('http://localhost:4000'), portalAddresses: 'host' }, true)
    for (const part of [
      'http://localhost:4000/office/sign-in',
      'http://harbour.localhost:4000/',
      'http://localhost:4000/p/northside/',
      'http://localhost:4000/mailbox',
      DEMO_PASSWORD,
    ])
      expect(text).toContain(part)
    for (const { name, area, slug, email } of DEMO_SIGN_INS) {
      expect(text).toContain(email)
      expect(
        await passwordProblem(DEMO_PASSWORD, [email, name, 'Harbour Appliance Repair', 'Northside Heating']),
      ).toBeNull()
      const person = server.anyone({ slug })
      if (area === 'office') {
        await person.ok('signIn', { email, password: DEMO_PASSWORD })
        expect((await person.ok('listJobs')).rows.length, name).toBeGreaterThan(0)
      } else {
        await person.ok('signInToPortal', { email, password: DEMO_PASSWORD })
        expect((await person.ok('listPortalJobs')).rows.length, name).toBeGreaterThan(0)
      }
    }
  })

  it('one person works for both businesses', async () => {
    const grace = await server.anyone().ok('signIn', { email: 'grace@backoffice.example', password: DEMO_PASSWORD })
    expect(grace.accounts.map((account) => account.slug).sort()).toEqual(['harbour', 'northside'])
  })

  it('has jobs in every status and portal users in every status', async () => {
    const ruth = await staffOf('ruth@harbour-repair.example', 'harbour')
    const counts = await ruth.ok('countJobs')
    expect(counts.all).toBe(250)
    expect(
      counts.status
        .filter((each) => each.count > 0)
        .map((each) => each.id)
        .sort(),
    ).toEqual([...JOB_STATUSES].sort())
    const statuses = await server.stored((db) => db.selectFrom('portal_users').select('status').distinct().execute())
    expect(statuses.map((each) => each.status).sort()).toEqual([
      'active',
      'invited',
      'removed',
      'signed_up',
      'suspended',
    ])
    const naveed = server.anyone({ slug: 'harbour' })
    await naveed.ok('signInToPortal', { email: 'naveed@docksidelettings.example', password: DEMO_PASSWORD })
    expect((await naveed.ok('getBookingOptions')).customers).toHaveLength(7)
  })

  it('the links of queued invitations work', async () => {
    const rows = await server.stored((db) =>
      db
        .selectFrom('outbox')
        .innerJoin('account_slugs', 'account_slugs.account_id', 'outbox.account_id')
        .select(['slug', 'payload', 'to_address'])
        .where('status', '=', 'waiting')
        .execute(),
    )
    expect(rows.map((row) => row.to_address).sort()).toEqual([
      'martha.okonkwo@post.example',
      'r.baptiste@post.example',
      'reception@southville.example',
    ])
    for (const { slug, payload, to_address } of rows)
      expect(
        await server.anyone({ slug }).ok('getActivation', { token: (payload as { token: string }).token }),
      ).toMatchObject({ status: 'open', email: to_address })
  })

  it('mails that were sent keep no token, and one invitation has failed', async () => {
    const failed = await server.stored((db) =>
      db.selectFrom('outbox').select(['to_address', 'last_result']).where('status', '=', 'failed').execute(),
    )
    expect(failed).toEqual([{ to_address: 'caretaker@ashtonvale.example', last_result: '550 5.1.1 No such mailbox' }])
    const loose = await server.stored((db) =>
      db
        .selectFrom('outbox')
        .select('to_address')
        .where('status', '=', 'sent')
        .where('secret', '=', true)
        .where((row) => row.eb('payload', '?' as never, 'token' as never))
        .execute(),
    )
    expect(loose).toEqual([])
  })
})

describe('its templates', () => {
  it('use every field type and permission, are valid, and match the answers of the jobs', async () => {
    const { versions, jobs } = await server.stored(async (db) => ({
      versions: await db.selectFrom('template_versions').select(['template_id', 'version', 'fields']).execute(),
      jobs: await db.selectFrom('jobs').select(['number', 'template_id', 'template_version', 'fields']).execute(),
    }))
    const fields = versions.flatMap((each) => each.fields as unknown as Field[])
    expect([...new Set(fields.map((field) => field.type))].sort()).toEqual([...FIELD_TYPES].sort())
    expect([...new Set(fields.flatMap((field) => [field.portal, field.worker]))].sort()).toEqual(
      [...FIELD_PERMISSIONS].sort(),
    )
    for (const version of versions) expect(checkFields(version.fields as unknown as Field[])).toEqual({})
    expect(new Set(jobs.map((job) => `${job.template_id} ${job.template_version}`)).size).toBeGreaterThan(
      new Set(jobs.map((job) => job.template_id)).size,
    )
    for (const job of jobs) {
      const of = versions.find((each) => each.template_id === job.template_id && each.version === job.template_version)!
        .fields as unknown as Field[]
      expect({ number: job.number, ...checkFieldValues(of, job.fields as FieldValues, 'office') }).toMatchObject({
        number: job.number,
        problems: {},
      })
    }
  })
})

describe('its jobs', () => {
  const EVERYONE: TransitionRole[] = ['worker', 'dispatcher', 'manager', 'customer', 'system']

  it.each([
    '2026-11-26T10:13:00Z',
    '2026-11-29T03:00:00Z',
    '2026-03-30T00:05:00Z',
    '2026-10-25T01:30:00Z',
    '2026-06-15T23:50:00Z',
  ])('E-40 E-51 follow allowed status transitions on any day (%s)', async (day) => {
    const other = day.startsWith('2026-11-26')
      ? server
      : await startSeparateServer(inject('world'), { clock: createTestClock(day), demo: true })
    try {
      if (other !== server) await load(other)
      const now = new Date(day)
      const { jobs, history, children } = await other.stored(async (db) => ({
        jobs: await db.selectFrom('jobs').selectAll().execute(),
        history: await db.selectFrom('history').selectAll().orderBy('created_at').orderBy('id').execute(),
        children: [
          ...(await db.selectFrom('comments').select(['job_id', 'created_at']).execute()),
          ...(await db.selectFrom('files').select(['job_id', 'created_at']).execute()),
        ],
      }))
      expect(jobs.length).toBeGreaterThan(280)
      for (const job of jobs) {
        const lines = history.filter((line) => line.job_id === job.id)
        const [first, ...rest] = lines
        expect(['created', 'imported']).toContain(first!.event)
        let status = (first!.event === 'imported' ? first!.to_status : 'unassigned') as JobStatus
        for (const line of rest.filter((each) => each.event === 'moved')) {
          expect(line.from_status).toBe(status)
          expect(
            transitionOf(status, line.to_status as JobStatus, EVERYONE),
            `${job.number}: ${status} → ${line.to_status}`,
          ).toBeDefined()
          status = line.to_status as JobStatus
        }
        expect({ number: job.number, status: job.status }).toEqual({ number: job.number, status })
        const moments = [
          job.created_at,
          ...lines.map((line) => line.created_at),
          job.completed_at,
          job.canceled_at,
          job.started_at,
        ].filter((at) => at !== null)
        expect(
          moments.every((at) => at >= job.created_at && at <= now),
          `${job.number}`,
        ).toBe(true)
        expect(
          children
            .filter((each) => each.job_id === job.id)
            .every((each) => each.created_at >= job.created_at && each.created_at <= now),
          `${job.number}`,
        ).toBe(true)
        if (status === 'canceled')
          expect(job).toMatchObject({ scheduled_at: null, started_at: null, completed_at: null })
        if (status === 'completed') expect(job.completed_at! > job.started_at! && job.worker_id !== null).toBe(true)
        if (['pending', 'assigned', 'unpublished', 'started', 'paused'].includes(status))
          expect(job.worker_id).not.toBeNull()
        if (['pending', 'assigned', 'unpublished'].includes(status))
          expect(job.scheduled_at! > now, `${job.number}`).toBe(true)
        if (['unassigned', 'postponed', 'declined'].includes(status)) expect(job.worker_id).toBeNull()
      }
      const old = now.getTime() - 92 * 86_400_000
      expect(jobs.filter((job) => job.created_at.getTime() < old)).toEqual([])
    } finally {
      if (other !== server) await other.close()
    }
  })
})

describe('the second business', () => {
  it('B7 sees nothing of the first', async () => {
    const alan = await staffOf('alan@northside-heating.example', 'northside')
    const seen: string[] = []
    for (const name of [
      'listJobs',
      'listCustomers',
      'listPortalUsers',
      'listTemplates',
      'listStaff',
      'listMessages',
      'getPortalSettings',
      'getAccount',
      'getOfficeHome',
      'getJobFormOptions',
    ] as const)
      seen.push(JSON.stringify(await alan.ok(name)))
    const [jobs] = seen.map((text) => JSON.parse(text) as { rows: { id: string }[] })
    for (const { id } of jobs!.rows) seen.push(JSON.stringify(await alan.ok('getJob', { job: id })))
    const names = await server.stored(async (db) => {
      const harbour = (
        await db
          .selectFrom('account_slugs')
          .select('account_id')
          .where('slug', '=', 'harbour')
          .executeTakeFirstOrThrow()
      ).account_id
      const of = async (table: 'customers' | 'contacts' | 'portal_users' | 'templates' | 'staff_members') =>
        (await db.selectFrom(table).select('name').where('account_id', '=', harbour).execute()).flatMap(
          (row) => row.name ?? [],
        )
      return [
        harbour,
        'Harbour',
        ...(
          await Promise.all((['customers', 'contacts', 'portal_users', 'templates', 'staff_members'] as const).map(of))
        ).flat(),
      ]
    })
    // Everyday words, and the one colleague they share.
    const theirs = [...new Set(names)].filter(
      (name) => !['Accounts', 'Caretaker', 'Reception', 'Annual service', 'Grace Adeyemi'].includes(name),
    )
    expect(theirs.length).toBeGreaterThan(60)
    expect(theirs.filter((name) => seen.some((text) => text.includes(name)))).toEqual([])

    for (const name of ['listJobs', 'listCustomers', 'listPortalUsers'] as const)
      expect((await alan.call(name, {}, { slug: 'harbour' })).status).toBe(404)
    const theirJob = await server.stored((db) =>
      db
        .selectFrom('jobs')
        .innerJoin('account_slugs', 'account_slugs.account_id', 'jobs.account_id')
        .select('jobs.id')
        .where('account_slugs.slug', '=', 'harbour')
        .executeTakeFirstOrThrow(),
    )
    expect((await alan.call('getJob', { job: theirJob.id })).status).toBe(404)
    expect(
      (
        await server
          .anyone({ slug: 'northside' })
          .call('signInToPortal', { email: 'eleanor.finch@post.example', password: DEMO_PASSWORD })
      ).status,
    ).not.toBe(200)
  })
})
