import { beforeAll } from 'vitest'
import { linkIn, startTestServer, type Business, type Person, type TestServer } from '../../../../test/test-server.ts'

export let server: TestServer, shop: Business

/** Starts the server before the tests of a file. */
export function setUpSignInTests(): void {
  beforeAll(async () => {
    server = await startTestServer()
    shop = await server.business()
  })
}

export const day = 24 * 3600_000

export const bare = ({ status, body, headers }: { status: number; body: object; headers: object }) => ({
  status,
  body: { ...body, requestId: '' },
  cookies: (headers as Record<string, unknown>)['set-cookie'],
})

export const setUser = (business: Business, user: Person, set: object) =>
  server.stored((db) =>
    db.updateTable('portal_users').set(set).where('account_id', '=', business.id).where('id', '=', user.id).execute(),
  )

export const setPortal = (business: Business, set: object) =>
  server.stored((db) => db.updateTable('portal_settings').set(set).where('account_id', '=', business.id).execute())

export const isIn = async (person: Person) => (await person.call('getCurrentPortalUser')).status === 200

export const resetTokenFor = async (email: string) =>
  /\/reset-password\/([\w-]+)/.exec(
    linkIn((await server.mailTo(email)).filter((mail) => mail.subject?.startsWith('Reset')).at(-1)),
  )![1]!
