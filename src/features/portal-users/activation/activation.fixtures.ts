import { beforeAll } from 'vitest'
import {
  linkIn,
  startTestServer,
  type Business,
  type BusinessOptions,
  type Person,
  type TestServer,
} from '../../../../test/test-server.ts'
import { emitMessages } from '../../../platform/delivery/outbox.ts'
import { newId } from '../../../platform/ids.ts'
import { sendActivation, type Recipient, type Sending } from '../messages.ts'

export let server: TestServer

/** Starts the server before the tests of a file. */
export function setUpActivationTests(): void {
  beforeAll(async () => {
    server = await startTestServer()
  })
}

export const MARTHA = { name: 'Martha Okonkwo', phone: '07700 900 318', password: 'a kettle in the harbour' }

let people = 0

export const address = () => `martha.${++people}@post.example`

export const shop = (options?: BusinessOptions) => server.business(options)

export const hour = 3600_000,
  day = 24 * hour

/** Another tab of a person's browser. */
export function anotherTab(business: Business, person: Person): Person {
  const tab = business.visitor()
  for (const [name, value] of person.cookies) tab.cookies.set(name, value)
  return tab
}

export const tokenFor = async (email: string) =>
  (/\/activate\/([\w-]+)/.exec(linkIn((await server.mailTo(email)).at(-1))) ?? [])[1]!

export const userOf = (business: Business, email: string) =>
  server.stored((db) =>
    db
      .selectFrom('portal_users')
      .selectAll()
      .where('account_id', '=', business.id)
      .where('email_norm', '=', email.toLowerCase())
      .executeTakeFirst(),
  )

export const countOf = (business: Business, table: 'portal_users' | 'portal_sessions' | 'tokens' | 'outbox') =>
  server.stored(async (db) =>
    Number(
      (
        await db
          .selectFrom(table)
          .select(({ fn }) => fn.countAll<string>().as('n'))
          .where('account_id', '=', business.id)
          .executeTakeFirstOrThrow()
      ).n,
    ),
  )

export const settings = (business: Business, set: object) =>
  server.stored((db) => db.updateTable('portal_settings').set(set).where('account_id', '=', business.id).execute())

export const setUser = (business: Business, email: string, set: object) =>
  server.stored((db) =>
    db
      .updateTable('portal_users')
      .set(set)
      .where('account_id', '=', business.id)
      .where('email_norm', '=', email)
      .execute(),
  )

export const isIn = async (person: Person) => (await person.call('getCurrentPortalUser')).status === 200

/** What a handler of the office does: the sending in one transaction of its own. */
export const office = (business: Business, work: (ctx: Sending) => Promise<void>) =>
  server.stored((db) =>
    work({
      db,
      account: business,
      now: server.clock.now(),
      newId,
      emit: async (emission) => {
        await emitMessages(db, business.id, [emission], { now: server.clock.now(), host: 'portico.example' })
      },
    }),
  )

export async function invite(business: Business, email = address()): Promise<string> {
  const user = { id: newId(), email, name: null, locale: 'en', status: 'invited' } satisfies Recipient
  await server.stored((db) =>
    db
      .insertInto('portal_users')
      .values({
        ...user,
        account_id: business.id,
        email_norm: email,
        search_text: email,
        created_at: server.clock.now(),
        updated_at: server.clock.now(),
      })
      .execute(),
  )
  await office(business, (ctx) => sendActivation(ctx, user))
  return email
}
