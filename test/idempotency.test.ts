/** Repeated requests and the cleanup of expired records. */
import { beforeAll, describe, expect, it } from 'vitest'
import { contracts } from '../src/operations.ts'
import type { Definition } from '../src/platform/operation.ts'
import { startTestServer, type Business, type TestServer, type Person } from './test-server.ts'
import { bookingInput, selectJobs } from './faults.fixtures.ts'

describe('idempotency keys', () => {
  let server: TestServer, shop: Business, user: Person, template: string, customer: string
  beforeAll(async () => {
    server = await startTestServer()
    shop = await server.business()
    template = await shop.template()
    customer = await shop.customer()
    user = await shop.portalUser({ customers: [customer] })
  })
  const book = (key: string, body: object = bookingInput(template, customer), who = user) =>
    who.call('createPortalJob', body as never, { headers: { 'idempotency-key': key } })

  it('F11 the same key returns the same response and creates one job', async () => {
    const first = await book('once')
    const again = await book('once')
    expect([first.status, again.status]).toEqual([201, 201])
    expect(again.body).toEqual(first.body)
    expect(await server.stored((db) => selectJobs(db, shop.id))).toHaveLength(1)
  })

  it('F11 twenty requests at once create one job; the others get a conflict or the same response', async () => {
    const before = (await server.stored((db) => selectJobs(db, shop.id))).length
    const replies = await Promise.all(Array.from({ length: 20 }, () => book('twenty')))
    expect(new Set(replies.map(({ status }) => status)).difference(new Set([201, 409]))).toEqual(new Set())
    expect(await server.stored((db) => selectJobs(db, shop.id))).toHaveLength(before + 1)
    expect((await book('twenty')).status).toBe(201)
  })

  it("F11 the same key with another body is refused; another user's key is independent", async () => {
    await book('mine')
    expect((await book('mine', bookingInput(template, customer, 2))).body.code).toBe('keyReused')
    const mate = await shop.portalUser({ customers: [customer] })
    const mateReply = await book('mine', bookingInput(template, customer), mate)
    expect(mateReply.status).toBe(201)
    expect(mateReply.body).not.toEqual((await book('mine')).body)
  })

  it('F11 a key expires after a day', async () => {
    const first = await book('daily')
    server.clock.advance(25 * 3600_000)
    const next = await book('daily')
    expect(next.status).toBe(201)
    expect(next.body).not.toEqual(first.body)
  })

  it('F11 a refused request leaves its key unused', async () => {
    expect(
      (await book('refused', { ...bookingInput(template, customer), address: undefined, quantity: 99 })).status,
    ).toBe(422)
    expect((await book('refused')).status).toBe(201)
  })

  it('F11 every creating operation accepts a key', () => {
    const creating = Object.entries(contracts as Record<string, Definition>).filter(
      ([name, each]) =>
        each.method === 'POST' && /^(create|add|invite|link)[A-Z]/.test(name) && each.path.match(/office|portal/),
    )
    expect(creating.filter(([, each]) => !each.creates).map(([name]) => name)).toEqual([])
  })
})

describe('cleanup', () => {
  it('deletes expired files with their bytes and expired sessions, and keeps the rest', async () => {
    const server = await startTestServer()
    const shop = await server.business()
    const user = await shop.portalUser({ customers: [await shop.customer()] })
    const upload = (name: string) =>
      user.request('POST', `/api/v1/portal/${shop.slug}/files`, {
        body: `--b\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: text/plain\r\n\r\nhello\r\n--b--\r\n`,
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
      })
    expect((await upload('old.txt')).status).toBe(201)
    const readStored = async () =>
      server.stored(async (db) => ({
        files: (await db.selectFrom('files').select('storage_key').where('account_id', '=', shop.id).execute()).map(
          (file) => file.storage_key,
        ),
        sessions: (await db.selectFrom('portal_sessions').select('id').where('account_id', '=', shop.id).execute())
          .length,
      }))
    const {
      files: [key],
    } = await readStored()
    server.clock.advance(23 * 3600_000)
    await server.app.cleanUp()
    expect(await readStored()).toEqual({ files: [key], sessions: 1 })
    server.clock.advance(2 * 3600_000)
    await server.app.cleanUp()
    expect(await readStored()).toEqual({ files: [], sessions: 1 })
    await expect(server.app.files.get(key!)).rejects.toThrow('No such file')
    server.clock.advance(31 * 24 * 3600_000)
    await server.app.cleanUp()
    expect((await readStored()).sessions).toBe(0)
  })
})
