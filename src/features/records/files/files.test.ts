import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, inject, it } from 'vitest'
import { send } from '../../../../test/test-server.ts'
import { bookJob, FIELDS, home, PNG, upload, createWorld, type World } from '../../jobs/jobs.fixtures.ts'

const { stored, clock } = home
const HOUR = 3600_000
const portalUpload = (here: World, more: Parameters<typeof upload>[2] = {}, who = here.eleanor) =>
  upload(who, `/portal/${here.harbour.slug}/files`, more)
const officeUpload = (here: World, job: string, more: Parameters<typeof upload>[2] = {}) =>
  upload(here.dispatcher, `/office/${here.harbour.slug}/jobs/${job}/files`, more)
const download = (here: World, file: string, who = here.eleanor) =>
  send({
    port: home.port,
    host: `${here.harbour.slug}.localhost:${home.port}`,
    method: 'GET',
    path: `/api/v1/portal/${here.harbour.slug}/files/${file}`,
    cookies: who.cookies,
  })

describe('files', () => {
  it('PS-20 a file on its way to a form is readable by its uploader only, and for a day', async () => {
    const here = await createWorld()
    const { id } = (await portalUpload(here)).body
    const colleague = await here.harbour.portalUser({ customers: [here.customer] })
    expect((await download(here, id)).status).toBe(200)
    expect((await download(here, id, colleague)).status).toBe(404)
    expect(
      (await colleague.call('createPortalJob', { template: here.template, site: here.site, files: [id] })).body.fields,
    ).toMatchObject({ files: { code: 'fileNotFound' } })
    expect((await colleague.call('removePortalFile', { file: id })).status).toBe(404)
    clock.advance(25 * HOUR)
    expect((await download(here, id)).status).toBe(404)
    expect(
      (await here.eleanor.call('createPortalJob', { template: here.template, site: here.site, files: [id] })).status,
    ).toBe(422)
    // The next upload of the same person takes it away altogether.
    await portalUpload(here)
    expect(await stored((db) => db.selectFrom('files').select('id').where('id', '=', id).execute())).toEqual([])
  })

  it('PS-21 PS-27 an address without a session opens nothing; with one the bytes run nothing in our origin', async () => {
    const here = await createWorld()
    const { id } = (await portalUpload(here, { name: '../../evil"\r\n.png', type: 'text/html', bytes: PNG })).body
    expect((await download(here, id, here.harbour.visitor())).status).toBe(401)
    const { headers } = await download(here, id)
    expect(headers).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining('sandbox'),
    })
    expect(headers['content-disposition']).not.toMatch(/\.\./)
    expect(headers['content-disposition']).toMatch(/^inline/)
    // Only pictures are shown in the browser; everything else is saved.
    const text = (await portalUpload(here, { name: 'note.txt' })).body.id
    expect((await download(here, text)).headers['content-disposition']).toMatch(/^attachment/)
  })

  it('a repeated upload with its key stores one file; another file under the same key is refused', async () => {
    const here = await createWorld()
    const headers = { 'idempotency-key': 'photo' }
    const first = await portalUpload(here, { headers })
    const again = await portalUpload(here, { headers })
    expect(again).toMatchObject({ status: 201, body: first.body })
    const other = await portalUpload(here, { headers, bytes: Buffer.from('The pump hums.') })
    expect(other).toMatchObject({ status: 422, body: { code: 'keyReused' } })
    const rows = await stored((db) =>
      db.selectFrom('files').select('storage_key').where('account_id', '=', here.harbour.id).execute(),
    )
    expect(rows).toHaveLength(1)
    // The bytes of the repetition and of the refused upload are gone, those of the first are not.
    expect((await download(here, first.body.id)).status).toBe(200)
    expect(readdirSync(join(inject('world').folder, home.database, 'files', here.harbour.id))).toHaveLength(1)
  })

  it('hostile and oversized files are refused with words, and nothing of them is kept', async () => {
    const here = await createWorld()
    for (const [name, bytes, code] of [
      ['page.html', Buffer.from('<!doctype html><script>alert(1)</script>'), 'fileTypeRefused'],
      ['image.png', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'fileTypeRefused'],
      ['program.exe', Buffer.from('4d5a900003000000', 'hex'), 'fileTypeRefused'],
      ['empty.txt', Buffer.alloc(0), 'fileEmpty'],
    ] as const) {
      const reply = await portalUpload(here, { name, bytes })
      expect(reply.status, name).toBe(422)
      expect(reply.body.fields!.file!.code).toBe(code)
    }
    expect([413, 422]).toContain(
      (await portalUpload(here, { name: 'big.txt', bytes: Buffer.alloc(10 * 1024 * 1024 + 10, 'a') })).status,
    )
    expect(
      await stored((db) => db.selectFrom('files').select('id').where('account_id', '=', here.harbour.id).execute()),
    ).toEqual([])
  })

  it('PS-22 E-62 a file is judged by what it belongs to: internal, a hidden question, another job', async () => {
    const here = await createWorld({
      fields: [
        ...FIELDS.slice(0, 4),
        { id: 'report', name: 'Report', type: 'file', portal: 'hidden', worker: 'optional' },
      ],
    })
    const job = await bookJob(here, { fields: { wrong: 'x' } })
    const internal = (await officeUpload(here, job, { more: { audience: 'internal' } })).body.id
    const open = (await officeUpload(here, job, { more: { audience: 'customer' } })).body.id
    const report = (await officeUpload(here, job, { more: { audience: 'customer' } })).body.id
    expect((await download(here, report)).status).toBe(200)
    const { version } = await here.dispatcher.ok('getJob', { job })
    await here.dispatcher.ok('updateJob', { job, version, fields: { report: [report] } })
    expect(
      (await Promise.all([internal, open, report].map((id) => download(here, id)))).map((reply) => reply.status),
    ).toEqual([404, 200, 404])
    expect((await here.eleanor.ok('getPortalJob', { job })).files.map((file) => file.id)).toEqual([open])
    const other = await bookJob(here, { fields: { wrong: 'x' } })
    expect((await here.dispatcher.call('downloadJobFile', { job: other, file: open })).status).toBe(404)
    expect(
      (await here.dispatcher.call('updateJob', { job: other, version: 1, fields: { report: [open] } })).body.fields,
    ).toMatchObject({ 'fields.report': { code: 'unknown' } })
  })

  it('PS-22 V-28 a file of a question that becomes hidden later opens no more', async () => {
    const here = await createWorld({ fields: [...FIELDS] })
    const photo = (await portalUpload(here, { name: 'label.png', type: 'image/png', bytes: PNG })).body.id
    const job = await bookJob(here, { fields: { wrong: 'x', photos: [photo] } })
    expect((await download(here, photo)).status).toBe(200)
    const { owner } = here.harbour
    const { version, fields } = await owner.ok('getTemplate', { template: here.template })
    const hidden = fields.map((field) => (field.id === 'photos' ? { ...field, portal: 'hidden' as const } : field))
    await owner.ok('updateTemplate', { template: here.template, version, fields: hidden })
    expect((await download(here, photo)).status).toBe(404)
    expect((await here.eleanor.ok('getPortalJob', { job })).files).toEqual([])
  })

  it('PS-24 a foreign file can be neither used, removed nor replaced', async () => {
    const here = await createWorld(),
      there = await createWorld()
    const foreign = (await portalUpload(there, {}, there.eleanor)).body.id
    expect(
      (await here.eleanor.call('createPortalJob', { template: here.template, site: here.site, files: [foreign] }))
        .status,
    ).toBe(422)
    expect((await here.eleanor.call('removePortalFile', { file: foreign })).status).toBe(404)
    const job = await bookJob(there)
    expect((await upload(here.eleanor, `/portal/${here.harbour.slug}/jobs/${job}/files`)).status).toBe(404)
    expect((await here.dispatcher.call('removeJobFile', { job, file: foreign })).status).toBe(404)
    expect((await download(there, foreign, there.eleanor)).status).toBe(200)
  })

  it('an upload without a session, or to a job out of reach, leaves nothing behind', async () => {
    const here = await createWorld()
    expect((await portalUpload(here, {}, here.harbour.visitor())).status).toBe(401)
    const stranger = await here.harbour.portalUser()
    expect((await upload(stranger, `/portal/${here.harbour.slug}/jobs/${await bookJob(here)}/files`)).status).toBe(404)
    const folder = join(inject('world').folder, home.database, 'files', here.harbour.id)
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([])
    expect(
      await stored((db) => db.selectFrom('files').select('id').where('account_id', '=', here.harbour.id).execute()),
    ).toEqual([])
  })

  it('both sides add files to a job, and the office removes one', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    const mine = (
      await upload(here.eleanor, `/portal/${here.harbour.slug}/jobs/${job}/files`, { name: 'label.png', bytes: PNG })
    ).body
    expect(mine).toMatchObject({ name: 'label.png', type: 'image/png' })
    expect((await here.dispatcher.ok('listJobFiles', { job })).rows).toMatchObject([
      { id: mine.id, audience: 'customer', by: 'Eleanor Finch' },
    ])
    await here.dispatcher.ok('removeJobFile', { job, file: mine.id })
    expect((await here.eleanor.ok('getPortalJob', { job })).files).toEqual([])
    expect((await here.eleanor.ok('getPortalJob', { job })).history.map((line) => [line.event, line.name])).toEqual([
      ['created', null],
      ['attached', 'label.png'],
      ['removedFile', 'label.png'],
    ])
  })

  it('a HEIC photo that an earlier version kept as it was sent loses its position at the next clean-up', async () => {
    const here = await createWorld()
    const photo = readFileSync('test/fixtures/pictures/with-position.heic')
    const { id } = (await portalUpload(here)).body
    const { storage_key: key } = await stored((db) =>
      db.selectFrom('files').select('storage_key').where('id', '=', id).executeTakeFirstOrThrow(),
    )
    const keptFiles = join(inject('world').folder, home.database, 'files')
    writeFileSync(join(keptFiles, key), photo)
    await stored((db) =>
      db.updateTable('files').set({ type: 'image/heic', name: 'IMG_1.HEIC' }).where('id', '=', id).execute(),
    )
    await home.app.cleanUp()
    const { headers, text } = await download(here, id)
    expect(headers['content-type']).toBe('image/jpeg')
    expect(headers['content-disposition']).toContain('IMG_1.jpg')
    expect(text).not.toContain('TestPhone')
    expect(existsSync(join(keptFiles, key))).toBe(false)
  })

  it('bytes whose process ended before the commit are deleted after a day: of attachments and of logos', async () => {
    const here = await createWorld()
    const folder = join(inject('world').folder, home.database, 'files')
    await upload(here.harbour.owner, `/office/${here.harbour.slug}/logo`, { bytes: PNG })
    await officeUpload(here, await bookJob(here), { bytes: PNG })
    const ownFiles = () => readdirSync(join(folder, here.harbour.id))
    const named = ownFiles()
    // What an upload does before its transaction. The process ends, and no row names the bytes.
    const put = (purpose: 'attachment' | 'logo', account = here.harbour.id) =>
      home.app.files.put(Readable.from([PNG]), { account, name: 'photo.png', purpose })
    await put('attachment')
    await put('logo')
    // Of an account that only another database knows: perhaps this is the wrong database.
    const { key: foreignKey } = await put('attachment', '01890000-0000-7000-8000-000000000000')
    clock.advance(25 * HOUR)
    const { key: freshKey } = await put('attachment')
    const minuteAgo = new Date(clock.now().getTime() - 60_000)
    utimesSync(join(folder, freshKey), minuteAgo, minuteAgo)
    home.log.length = 0
    await home.app.cleanUp()
    expect(ownFiles().sort()).toEqual([...named, freshKey.split('/')[1]].sort())
    expect(named).toHaveLength(2)
    expect(existsSync(join(folder, foreignKey))).toBe(true)
    const [line] = home.log.filter((each) => each.includes('nothing refers to'))
    expect(JSON.parse(line!).files).toBeGreaterThanOrEqual(2)
    home.log.length = 0
    await home.app.cleanUp()
    expect(home.log.join('')).not.toContain('nothing refers to')
  })
})
