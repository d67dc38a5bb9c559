/** Staff and portal users are two lists of logins: an id that occurs in both means two people. */
import { describe, expect, it } from 'vitest'
import { newId } from '../src/platform/ids.ts'
import { send, startTestServer } from './test-server.ts'

describe('two lists of logins', () => {
  it('PS-07 a member of staff and a portal user with the same id share no files, comments or names', async () => {
    const server = await startTestServer()
    const shop = await server.business()
    const [customer, template] = [await shop.customer(), await shop.template()]
    const user = await shop.portalUser({ customers: [customer] })
    const {
      jobs: [job],
    } = await user.ok('createPortalJob', { template, address: '14 Pelican Quay', fields: {} })
    const worker = await shop.staff('worker', 'Marek Nowak')
    await server.stored((db) =>
      db.updateTable('staff_members').set({ id: user.id }).where('id', '=', worker.id).execute(),
    )
    const { version } = await shop.owner.ok('getJob', { job: job!.id })
    await shop.owner.ok('assignJob', { job: job!.id, version, worker: user.id, outright: true })

    const upload = (path: string) =>
      send({
        port: server.port,
        host: `${shop.slug}.localhost:${server.port}`,
        method: 'POST',
        path: `/api/v1/portal/${shop.slug}${path}`,
        cookies: user.cookies,
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
        body: '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\nhello\r\n--b--\r\n',
      })
    const { id: ownFile } = (await upload('/files')).body as { id: string }
    // A file that the member of staff uploaded.
    const staffFile = newId()
    await server.stored((db) =>
      db
        .insertInto('files')
        .columns([
          'account_id',
          'id',
          'audience',
          'uploader_kind',
          'uploader_id',
          'name',
          'type',
          'size',
          'storage_key',
          'created_at',
        ])
        .expression(
          db
            .selectFrom('files')
            .select((get) => [
              'account_id',
              get.val(staffFile).as('id'),
              'audience',
              get.val('staff').as('uploader_kind'),
              'uploader_id',
              'name',
              'type',
              'size',
              'storage_key',
              'created_at',
            ])
            .where('id', '=', ownFile),
        )
        .execute(),
    )
    expect((await user.call('getPortalFile', { file: ownFile })).status).toBe(200)
    expect((await user.call('getPortalFile', { file: staffFile })).status).toBe(404)
    expect((await user.call('removePortalFile', { file: staffFile })).status).toBe(404)
    expect(
      (await user.call('createPortalJob', { template, address: 'x', files: [staffFile] })).body.fields,
    ).toMatchObject({ files: { code: 'fileNotFound' } })

    const { id: attached } = (await upload(`/jobs/${job!.id}/files`)).body as { id: string }
    expect((await worker.call('removeJobFile', { job: job!.id, file: attached })).status).toBe(403)
    await worker.ok('addJobComment', { job: job!.id, audience: 'customer', body: 'On my way' })
    const seen = await user.ok('getPortalJob', { job: job!.id })
    expect(seen.comments.map((each) => each.by)).toEqual([{ kind: 'staff', name: 'Marek' }])
    expect(seen.createdBy.kind).toBe('you')
  })
})
