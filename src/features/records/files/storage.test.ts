import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { describe, expect, inject, it } from 'vitest'
import { bookJob, createWorld, FIELDS, home, upload, type World } from '../../jobs/jobs.fixtures.ts'

const { stored, clock } = home
const MEGABYTE = 1024 * 1024
const GIGABYTE = 1024 * MEGABYTE
const text = (megabytes: number) => Buffer.alloc(megabytes * MEGABYTE, 'a line of text\n')

const waitingUpload = (here: World, megabytes: number, who = here.eleanor) =>
  upload(who, `/portal/${here.harbour.slug}/files`, { bytes: text(megabytes) })
const jobUpload = (here: World, job: string, megabytes: number) =>
  upload(here.eleanor, `/portal/${here.harbour.slug}/jobs/${job}/files`, { bytes: text(megabytes) })
const officeUpload = (here: World, job: string, megabytes: number) =>
  upload(here.dispatcher, `/office/${here.harbour.slug}/jobs/${job}/files`, { bytes: text(megabytes) })

/** Rows of files without their bytes: nobody downloads them, and filling 20 GB would take a while. */
async function fill(
  here: World,
  bytes: number,
  { job = null, uploader = { kind: 'staff', id: crypto.randomUUID() } as { kind: string; id: string } } = {} as {
    job?: string | null
    uploader?: { kind: string; id: string }
  },
): Promise<string> {
  const id = crypto.randomUUID()
  await stored((db) =>
    db
      .insertInto('files')
      .values({
        account_id: here.harbour.id,
        id,
        parent_kind: job && 'job',
        parent_id: job,
        customer_id: job && here.customer,
        audience: 'customer',
        uploader_kind: uploader.kind,
        uploader_id: uploader.id,
        name: 'filler.txt',
        type: 'text/plain',
        size: String(Math.round(bytes)),
        storage_key: `${here.harbour.id}/${id.replaceAll('-', '')}`,
        created_at: clock.now(),
      })
      .execute(),
  )
  return id
}

const refusalOf = (reply: Awaited<ReturnType<typeof upload>>) => {
  const field = reply.body.fields?.file as { code: string; text: string } | undefined
  return [reply.status, field?.text]
}
const portalUploader = (here: World) => ({ kind: 'portalUser', id: here.eleanor.id })

const isWaitingForLock = async (observer: pg.Client, { processID }: { processID?: number | null } & object) => {
  const { rows } = await observer.query("select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'", [
    processID,
  ])
  return rows.length > 0
}

describe('room for files', () => {
  it('a job takes 250 MB; the refusal says how much is left, and a removed file frees its room', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    const filler = await fill(here, 250 * MEGABYTE - 3.25 * MEGABYTE, { job })
    const refused = [422, 'This job can take 3.2 MB more. Choose a smaller file.']
    expect(refusalOf(await jobUpload(here, job, 4))).toEqual(refused)
    expect(refusalOf(await officeUpload(here, job, 4))).toEqual(refused)
    const { status, body } = await jobUpload(here, job, 3)
    expect(status).toBe(201)
    expect(refusalOf(await jobUpload(here, job, 1))).toEqual([
      422,
      'This job can take 0.2 MB more. Choose a smaller file.',
    ])
    await here.dispatcher.ok('removeJobFile', { job, file: body.id })
    expect((await jobUpload(here, job, 2)).status).toBe(201)
    await here.dispatcher.ok('removeJobFile', { job, file: filler })
    expect((await jobUpload(here, job, 9)).status).toBe(201)
    // Another job has its own room.
    expect((await jobUpload(here, await bookJob(here), 1)).status).toBe(201)
    const kept = readdirSync(join(inject('world').folder, home.database, 'files', here.harbour.id))
    expect(kept).toHaveLength(3)
  })

  it('files that a form brings to a job count as well', async () => {
    const here = await createWorld({ fields: [...FIELDS] })
    const photos = (await waitingUpload(here, 1)).body.id
    const job = await bookJob(here, { fields: { wrong: 'x' } })
    await fill(here, 249.5 * MEGABYTE, { job })
    const { version } = await here.eleanor.ok('getPortalJob', { job })
    const edit = await here.eleanor.call('updatePortalJob', { job, version, fields: { photos: [photos] } })
    expect([edit.status, edit.body.fields?.['fields.photos']?.text]).toEqual([
      422,
      'This job can’t take more files. Remove a file first.',
    ])
    const large = await fill(here, 250 * MEGABYTE, { uploader: portalUploader(here) })
    const booking = { template: here.template, site: here.site, fields: { wrong: 'x' } }
    const book = await here.eleanor.call('createPortalJob', { ...booking, files: [photos, large] })
    expect([book.status, book.body.fields?.files?.text]).toEqual([
      422,
      'This job can take 250 MB more. Choose a smaller file.',
    ])
    expect((await here.eleanor.call('createPortalJob', { ...booking, files: [photos] })).status).toBe(201)
  })

  it('a customer stores 1 GB, uploads without a job included, which leave after a day and free their room', async () => {
    const here = await createWorld()
    await fill(here, GIGABYTE - 2.05 * MEGABYTE, { uploader: portalUploader(here) })
    expect(refusalOf(await waitingUpload(here, 3))).toEqual([422, 'You can upload 2 MB more. Choose a smaller file.'])
    expect((await waitingUpload(here, 2)).status).toBe(201)
    expect(refusalOf(await waitingUpload(here, 1))).toEqual([
      422,
      'You have no space left for files. Ask for old files to be removed.',
    ])
    const colleague = await here.harbour.portalUser({ customers: [here.customer] })
    expect((await waitingUpload(here, 1, colleague)).status).toBe(201)
    clock.advance(25 * 3_600_000)
    expect((await waitingUpload(here, 3)).status).toBe(201)
    await fill(here, GIGABYTE, { uploader: portalUploader(here) })
    expect((await waitingUpload(here, 1)).status).toBe(422)
    clock.advance(25 * 3_600_000)
    // What nobody attached leaves by itself too, with its bytes.
    await home.app.cleanUp()
    const rows = () =>
      stored((db) => db.selectFrom('files').where('account_id', '=', here.harbour.id).select('id').execute())
    expect(await rows()).toEqual([])
    expect(readdirSync(join(inject('world').folder, home.database, 'files', here.harbour.id))).toEqual([])
  })

  it('an account stores 20 GB, of which one staff member fills half', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    await fill(here, 10 * GIGABYTE - 1.5 * MEGABYTE, { uploader: { kind: 'staff', id: here.dispatcher.id } })
    expect(refusalOf(await officeUpload(here, job, 2))).toEqual([
      422,
      'You can upload 1.5 MB more. Choose a smaller file.',
    ])
    await fill(here, 10 * GIGABYTE)
    expect(refusalOf(await jobUpload(here, job, 2))).toEqual([
      422,
      'This business has 1.5 MB left for files. Choose a smaller file.',
    ])
    await fill(here, 1.5 * MEGABYTE)
    expect(refusalOf(await jobUpload(here, job, 1))).toEqual([
      422,
      'This business has no space left for files. Nothing was uploaded.',
    ])
  })

  it('of two uploads at once, the second is measured when the file of the first is there', async () => {
    const here = await createWorld()
    const begin = async () => {
      const client = new pg.Client({ ...inject('world').admin, database: home.database })
      await client.connect()
      await client.query('begin')
      await client.query(`set local app.account = '${here.harbour.id}'`)
      const measure = async () => {
        const { rows } = await client.query<{ bytes: string }>(
          "select account_bytes as bytes from measure_storage($1, null, 'staff', $1)",
          [here.harbour.id],
        )
        return Number(rows[0]!.bytes)
      }
      return { client, measure }
    }
    const [first, second] = [await begin(), await begin()]
    const before = await first.measure()
    let isMeasured = false
    const measured = second.measure().finally(() => (isMeasured = true))
    // Without waiting, its answer would be there by now.
    while (!isMeasured && !(await isWaitingForLock(first.client, second.client)));
    await first.client.query(
      `insert into files (account_id, id, audience, uploader_kind, uploader_id, name, type, size, storage_key, created_at)
       values ($1, $2, 'internal', 'staff', $1, 'x', 'text/plain', 1000, $3, now())`,
      [here.harbour.id, crypto.randomUUID(), `${here.harbour.id}/${'a'.repeat(32)}`],
    )
    await first.client.query('commit')
    expect(await measured).toBe(before + 1000)
    await Promise.all([first.client.end(), second.client.end()])
  })

  it('twenty uploads at once with room for three: three are kept', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    await fill(here, 250 * MEGABYTE - 3.5 * MEGABYTE, { job })
    const replies = await Promise.all(Array.from({ length: 20 }, () => jobUpload(here, job, 1)))
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(3)
    expect(replies.filter(({ status }) => status === 422)).toHaveLength(17)
    expect(readdirSync(join(inject('world').folder, home.database, 'files', here.harbour.id))).toHaveLength(3)
  })
})
