import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { createWorld, home, upload, type World } from '../../../jobs/jobs.fixtures.ts'
import type { Person } from '../../../../../test/test-server.ts'

const { stored, clock } = home
const HOUR = 3600_000
const MEGABYTE = 1024 * 1024
const field = (id: string, portal: 'optional' | 'hidden') => ({
  id,
  name: id,
  type: 'file',
  portal,
  worker: 'optional',
})

const officeUpload = async (here: World, who: Person, more: Parameters<typeof upload>[2] = {}) =>
  (await upload(who, `/office/${here.harbour.slug}/files`, more)).body.id
const newJob = (here: World, more: object = {}) => ({
  customer: here.customer,
  template: here.template,
  site: here.site,
  ...more,
})
const audiencesOf = async (here: World, job: string) =>
  Object.fromEntries((await here.dispatcher.ok('listJobFiles', { job })).rows.map((file) => [file.name, file.audience]))

describe('a file on its way to a new job of the office', () => {
  it('belongs to the job afterwards, for staff unless the form says otherwise', async () => {
    const here = await createWorld()
    const file = await officeUpload(here, here.dispatcher, { name: 'leak.txt' })
    const { id: job } = await here.dispatcher.ok('createJob', newJob(here, { files: [file] }))
    expect(await audiencesOf(here, job)).toEqual({ 'leak.txt': 'internal' })
    expect((await here.eleanor.ok('getPortalJob', { job })).files).toEqual([])
    // It waits no more.
    expect((await here.dispatcher.call('getFile', { file })).status).toBe(404)
    const again = await here.dispatcher.call('createJob', newJob(here, { files: [file] }))
    expect([again.status, again.body.fields]).toMatchObject([422, { files: { code: 'fileNotFound' } }])
    const shown = await officeUpload(here, here.dispatcher, { name: 'plan.txt' })
    const open = await here.dispatcher.ok('createJob', newJob(here, { files: [shown], filesAudience: 'customer' }))
    expect((await here.eleanor.ok('getPortalJob', { job: open.id })).files).toMatchObject([{ id: shown }])
  })

  it('answers a question of the template, and is for those who see the question', async () => {
    const here = await createWorld({ fields: [field('photos', 'optional'), field('report', 'hidden')] })
    const photo = await officeUpload(here, here.dispatcher, { name: 'photo.txt' })
    const report = await officeUpload(here, here.dispatcher, { name: 'report.txt' })
    const { id: job } = await here.dispatcher.ok(
      'createJob',
      newJob(here, { fields: { photos: [photo], report: [report] } }),
    )
    expect(await audiencesOf(here, job)).toEqual({ 'photo.txt': 'customer', 'report.txt': 'internal' })
    const { files, fields } = await here.eleanor.ok('getPortalJob', { job })
    expect(files).toMatchObject([{ id: photo, field: 'photos' }])
    expect(fields).toMatchObject([{ id: 'photos', value: [photo] }])
  })

  it('is read, deleted and used by its uploader only', async () => {
    const here = await createWorld()
    const there = await createWorld()
    const file = await officeUpload(here, here.dispatcher)
    expect((await here.dispatcher.call('downloadFile', { file })).status).toBe(200)
    expect(await here.dispatcher.ok('getFile', { file })).toMatchObject({ id: file, name: 'note.txt' })
    for (const who of [here.harbour.owner, here.worker, there.dispatcher, there.harbour.owner]) {
      for (const operation of ['downloadFile', 'getFile', 'removeFile'] as const)
        expect([operation, (await who.call(operation, { file })).status]).toEqual([operation, 404])
    }
    for (const who of [here.eleanor, there.eleanor]) {
      for (const operation of ['downloadPortalFile', 'getPortalFile', 'removePortalFile'] as const)
        expect([operation, (await who.call(operation, { file })).status]).toEqual([operation, 404])
    }
    const stolen = await here.harbour.owner.call('createJob', newJob(here, { files: [file] }))
    expect(stolen.body.fields).toMatchObject({ files: { code: 'fileNotFound' } })
    const foreign = await there.dispatcher.call('createJob', newJob(there, { files: [file] }))
    expect(foreign.body.fields).toMatchObject({ files: { code: 'fileNotFound' } })
    const booked = await here.eleanor.call('createPortalJob', {
      template: here.template,
      site: here.site,
      files: [file],
    })
    expect(booked.body.fields).toMatchObject({ files: { code: 'fileNotFound' } })
    await here.dispatcher.ok('removeFile', { file })
    expect(await stored((db) => db.selectFrom('files').select('id').where('id', '=', file).execute())).toEqual([])
  })

  it('cannot be a file of a job, and a customer’s waiting file is not the office’s', async () => {
    const here = await createWorld()
    const theirs = (await upload(here.eleanor, `/portal/${here.harbour.slug}/files`)).body.id
    expect((await here.dispatcher.call('getFile', { file: theirs })).status).toBe(404)
    const taken = await here.dispatcher.call('createJob', newJob(here, { files: [theirs] }))
    expect(taken.body.fields).toMatchObject({ files: { code: 'fileNotFound' } })
    const { id: job } = await here.dispatcher.ok('createJob', newJob(here))
    const own = (await upload(here.dispatcher, `/office/${here.harbour.slug}/jobs/${job}/files`)).body.id
    for (const operation of ['downloadFile', 'getFile', 'removeFile'] as const)
      expect((await here.dispatcher.call(operation, { file: own })).status).toBe(404)
    expect(Object.keys(await audiencesOf(here, job))).toHaveLength(1)
  })

  it('is uploaded only by those who create jobs, and nothing of another attempt is kept', async () => {
    const here = await createWorld()
    const reply = await upload(here.worker, `/office/${here.harbour.slug}/files`)
    expect([reply.status, reply.body.code]).toEqual([403, 'officeOnly'])
    expect(await stored((db) => db.selectFrom('files').where('account_id', '=', here.harbour.id).execute())).toEqual([])
  })

  it('leaves after a day, with its bytes, and counts toward the room of its uploader until then', async () => {
    const here = await createWorld()
    const first = await officeUpload(here, here.dispatcher)
    await officeUpload(here, here.harbour.owner)
    const half = String(10 * 1024 * MEGABYTE - 1.5 * MEGABYTE)
    await stored((db) => db.updateTable('files').set({ size: half }).where('id', '=', first).execute())
    const big = { bytes: Buffer.alloc(2 * MEGABYTE, 'a line of text\n') }
    const refused = await upload(here.dispatcher, `/office/${here.harbour.slug}/files`, big)
    expect(refused.body.fields).toMatchObject({ file: { text: 'You can upload 1.5 MB more. Choose a smaller file.' } })
    // The session of a member of staff ends before the file does.
    const dayAgo = new Date(clock.now().getTime() - 25 * HOUR)
    await stored((db) =>
      db.updateTable('files').set({ created_at: dayAgo }).where('account_id', '=', here.harbour.id).execute(),
    )
    expect((await here.dispatcher.call('getFile', { file: first })).status).toBe(404)
    expect((await here.dispatcher.call('createJob', newJob(here, { files: [first] }))).body.fields).toMatchObject({
      files: { code: 'fileNotFound' },
    })
    // The next upload of the same person takes it away, and frees its room.
    const next = await officeUpload(here, here.dispatcher, big)
    const ids = () =>
      stored((db) => db.selectFrom('files').select('id').where('account_id', '=', here.harbour.id).execute())
    expect(await ids()).toHaveLength(2)
    await home.app.cleanUp()
    expect(await ids()).toEqual([{ id: next }])
    expect(readdirSync(join(inject('world').folder, home.database, 'files', here.harbour.id))).toHaveLength(1)
  })

  it('is not copied with a job, and a form takes twenty', async () => {
    const here = await createWorld()
    const file = await officeUpload(here, here.dispatcher)
    const { id: source } = await here.dispatcher.ok('createJob', newJob(here, { files: [file] }))
    const waiting = await officeUpload(here, here.dispatcher)
    const copy = await here.dispatcher.ok('createJob', newJob(here, { duplicateOf: source }))
    expect(await audiencesOf(here, copy.id)).toEqual({})
    expect(await here.dispatcher.ok('getFile', { file: waiting })).toMatchObject({ id: waiting })
    const many = Array.from({ length: 21 }, () => waiting)
    expect((await here.dispatcher.call('createJob', newJob(here, { files: many }))).body.fields).toMatchObject({
      files: { code: 'tooMany' },
    })
  })
})
