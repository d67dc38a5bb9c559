/** What a template hides from workers or customers reaches them through no operation. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contracts } from '../../../operations.ts'
import type { Definition } from '../../../platform/operation.ts'
import type { OperationName, Person } from '../../../../test/test-server.ts'
import { createWorld, home, upload, type World } from '../../jobs/jobs.fixtures.ts'

const PERMISSIONS = ['hidden', 'readOnly', 'optional'] as const
type Permission = (typeof PERMISSIONS)[number]
const TYPES = ['text', 'number', 'pickList', 'multiPickList', 'link', 'file'] as const
type FieldType = (typeof TYPES)[number]
interface Given {
  type: FieldType
  worker: Permission
  portal: Permission
}

const operations = Object.entries(contracts as Record<string, Definition>)

/** A field with a name of its own, its answer, and the words that would give it away. */
function fieldOf({ type, worker, portal }: Given, index: number) {
  const word = `canary${index}${Math.random().toString(36).slice(2, 8)}`
  const answers = {
    text: word,
    number: `90210${index}77`,
    pickList: word,
    multiPickList: [word],
    link: `https://${word}.example`,
  }
  const value = type === 'file' ? undefined : answers[type]
  return {
    definition: {
      id: `field${index}`,
      name: `Name ${word}`,
      type,
      worker: type === 'link' && worker === 'optional' ? 'readOnly' : worker,
      portal: type === 'link' && portal === 'optional' ? 'readOnly' : portal,
      ...(type.toLowerCase().endsWith('picklist') && { options: [word, 'other'] }),
      ...(type === 'link' && { value }),
    },
    type,
    worker,
    portal,
    value,
    search: type === 'number' ? String(value) : word,
    traces: [`Name ${word}`, ...(type === 'number' ? [String(value)] : [word])],
  }
}
type TestField = ReturnType<typeof fieldOf>

/** A job of that template with an answer and a file for each field, edited, and assigned to the worker. */
async function createJob(world: World, fields: TestField[]) {
  const { harbour, dispatcher, worker, customer } = world
  const { id: job } = await dispatcher.ok('createJob', {
    customer,
    template: world.template,
    address: '14 Pelican Quay',
  })
  const values: Record<string, string | string[]> = {}
  const files: string[] = []
  for (const [index, field] of fields.entries()) {
    if (field.type === 'link') continue
    values[`field${index}`] = field.value ?? []
    if (field.type !== 'file') continue
    const sent = await upload(dispatcher, `/office/${harbour.slug}/jobs/${job}/files`, {
      name: `${field.search}.txt`,
      more: { audience: 'customer' },
    })
    values[`field${index}`] = [sent.body.id]
    files.push(sent.body.id)
  }
  const { version } = await dispatcher.ok('getJob', { job })
  await dispatcher.ok('updateJob', { job, version, fields: values })
  await dispatcher.ok('assignJob', { job, version: version + 1, worker: worker.id, outright: true })
  return { job, files }
}

/** The answers to everything that this person can read, by operation. */
async function readEverything(who: Person, area: 'office' | 'portal', ids: Record<string, string>, searches: string[]) {
  const answers: { operation: string; text: string }[] = []
  for (const [name, definition] of operations) {
    if (definition.method !== 'GET' || !definition.path.startsWith(`/${area}`)) continue
    const params = Object.keys(definition.params?.shape ?? {})
    const isKnown = params.every((key) => key in ids)
    if (!isKnown) continue
    const input = Object.fromEntries(params.map((key) => [key, ids[key]]))
    const takesSearch = 'search' in (definition.query?.shape ?? {})
    for (const search of takesSearch ? [undefined, ...searches] : [undefined]) {
      const reply = await who.call(name as OperationName, { ...input, ...(search && { search }) } as never)
      // Filters repeat what was searched for nowhere: an answer with the word has found it.
      answers.push({ operation: `${name}${search ? ` for ${search}` : ''}`, text: reply.text })
    }
  }
  return answers
}

describe('fields hidden from a reader', () => {
  it('V-29 PS-14 PS-12 a field is read, found and counted by exactly those who may see it', async () => {
    const given = fc.record({
      type: fc.constantFrom(...TYPES),
      worker: fc.constantFrom(...PERMISSIONS),
      portal: fc.constantFrom(...PERMISSIONS),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(given, { minLength: 2, maxLength: 4 }), async (drawn) => {
        const fields = drawn.map(fieldOf)
        const world = await createWorld({ fields: fields.map((field) => field.definition) })
        const { job, files } = await createJob(world, fields)
        for (const [who, area, permission] of [
          [world.worker, 'office', 'worker'],
          [world.eleanor, 'portal', 'portal'],
        ] as const) {
          const list = area === 'office' ? 'listJobs' : 'listPortalJobs'
          const hidden = fields.filter((field) => field[permission] === 'hidden')
          const answers = []
          for (const file of files.length > 0 ? files : ['none'])
            answers.push(
              ...(await readEverything(
                who,
                area,
                { job, file, template: world.template, customer: world.customer },
                hidden.map((field) => field.search),
              )),
            )
          const leaks = answers.flatMap(({ operation, text }) =>
            hidden.flatMap((field) =>
              field.traces.filter((trace) => text.includes(trace)).map(() => `${operation}: ${field.type}`),
            ),
          )
          expect(leaks).toEqual([])
          expect(answers.length).toBeGreaterThan(5)

          const isOpened = (await who.call(area === 'office' ? 'getJob' : 'getPortalJob', { job })).status === 200
          expect(isOpened).toBe(true)
          for (const field of fields.filter((each) => each.type !== 'file')) {
            const isVisible = field[permission] !== 'hidden'
            const found = (await who.ok(list, { search: field.search })) as { rows: { id: string }[] }
            const count =
              area === 'office'
                ? (await who.ok('countJobs', { search: field.search })).all
                : (await who.ok('getPortalJobsOverview', { search: field.search })).counts.all
            expect([field.type, found.rows.map((row) => row.id), count]).toEqual([
              field.type,
              isVisible ? [job] : [],
              isVisible ? 1 : 0,
            ])
          }
        }
      }),
      { numRuns: 8 },
    )
  })

  it('V-29 a field that becomes hidden from workers is not searched for them any more', async () => {
    const field = { id: 'code', name: 'Gate', type: 'text', worker: 'optional', portal: 'optional' }
    const world = await createWorld({ fields: [field] })
    const { job } = await createJob(world, [])
    const { version } = await world.dispatcher.ok('getJob', { job })
    await world.dispatcher.ok('updateJob', { job, version, fields: { code: 'heronswing' } })
    const search = async () => (await world.worker.ok('listJobs', { search: 'heronswing' })).rows.map((row) => row.id)
    expect(await search()).toEqual([job])
    const template = await world.harbour.owner.ok('getTemplate', { template: world.template })
    await world.harbour.owner.ok('updateTemplate', {
      template: world.template,
      version: template.version,
      name: template.name,
      fields: [{ ...field, worker: 'hidden' }],
    } as never)
    expect(await search()).toEqual([])
    expect((await world.dispatcher.ok('listJobs', { search: 'heronswing' })).rows.map((row) => row.id)).toEqual([job])
  })

  it('V-29 a worker neither downloads, lists nor removes a file of a hidden field', async () => {
    const field = { id: 'report', name: 'Report', type: 'file', worker: 'hidden', portal: 'optional' }
    const world = await createWorld({ fields: [field] })
    const { job } = await createJob(world, [])
    const path = `/office/${world.harbour.slug}/jobs/${job}/files`
    const { id: file } = (await upload(world.worker, path, { name: 'invoice.txt', more: { audience: 'internal' } }))
      .body
    const { version } = await world.dispatcher.ok('getJob', { job })
    await world.dispatcher.ok('updateJob', { job, version, fields: { report: [file] } })
    const download = (who: Person) => who.request('GET', `/api/v1${path}/${file}`)
    expect((await download(world.dispatcher)).status).toBe(200)
    expect((await download(world.worker)).status).toBe(404)
    expect((await world.worker.call('removeJobFile', { job, file })).status).toBe(404)
    expect((await world.worker.ok('listJobFiles', { job })).rows).toEqual([])
    await world.dispatcher.ok('removeJobFile', { job, file })
    expect((await world.worker.call('getJob', { job })).text).not.toContain('invoice.txt')
    expect((await world.dispatcher.call('getJob', { job })).text).toContain('invoice.txt')
  })

  it('an unpublished job shows neither itself nor its customer to its worker', async () => {
    const world = await createWorld()
    const { dispatcher, worker, customer } = world
    const created = await dispatcher.ok('createJob', { customer, template: world.template, address: '14 Pelican Quay' })
    await home.stored((db) =>
      db
        .updateTable('jobs')
        .set({ status: 'unpublished', worker_id: worker.id })
        .where('account_id', '=', world.harbour.id)
        .where('id', '=', created.id)
        .execute(),
    )
    expect((await worker.call('getJob', { job: created.id })).status).toBe(404)
    expect((await worker.call('getCustomer', { customer })).status).toBe(404)
    expect((await worker.ok('listCustomers')).rows).toEqual([])
    await home.stored((db) => db.updateTable('jobs').set({ status: 'assigned' }).where('id', '=', created.id).execute())
    expect((await worker.call('getCustomer', { customer })).status).toBe(200)
  })
})
