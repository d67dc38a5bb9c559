import { beforeAll, beforeEach } from 'vitest'
import { linkIn, startTestServer, type Business, type Person, type TestServer } from '../../../test/test-server.ts'

export let server: TestServer, shop: Business

/** Starts the server before the tests of a file. */
export function setUpPortalUserTests(): void {
  beforeAll(async () => {
    server = await startTestServer()
  })
  beforeEach(async () => {
    shop = await server.business({ public: false })
  })
}

let count = 0

export const address = (name = 'guest') => `${name}.${++count}.${Date.now().toString(36)}@post.example`

export const list = (query: Record<string, unknown> = {}, who: Person = shop.owner) => who.ok('listPortalUsers', query)

export const rowOf = async (id: string) => (await list()).rows.find((row) => row.id === id)

export const userRow = (id: string) =>
  server.stored((db) =>
    db
      .selectFrom('portal_users')
      .selectAll()
      .where('account_id', '=', shop.id)
      .where('id', '=', id)
      .executeTakeFirstOrThrow(),
  )

export const sessionsOf = (id: string) =>
  server.stored((db) =>
    db
      .selectFrom('portal_sessions')
      .select('id')
      .where('account_id', '=', shop.id)
      .where('subject_id', '=', id)
      .execute(),
  )

export const listLinks = (id: string) =>
  server.stored((db) =>
    db
      .selectFrom('portal_links')
      .selectAll()
      .where('account_id', '=', shop.id)
      .where('portal_user_id', '=', id)
      .execute(),
  )

export const tokenIn = async (email: string) =>
  linkIn((await server.mailTo(email)).at(-1), /https?:\/\/\S+\/activate\/\S+/).split('/activate/')[1]!

export const waitAMinute = () => server.clock.advance(61_000)

export const switchOn = async (change: Record<string, unknown>) =>
  shop.owner.ok('updatePortalSettings', { version: (await shop.owner.ok('getPortalSettings')).version, ...change })
