/** Requests about people's logins and rights that meet a change which is being made at the same moment. */
import { sql, type Kysely } from 'kysely'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import type { DB } from '../db/schema.gen.ts'
import {
  PASSWORD,
  startSeparateServer,
  type Business,
  type Person,
  type Reply,
  type TestServer,
} from './test-server.ts'

const NEW_PASSWORD = 'seven quiet lanterns'
let server: TestServer, shop: Business
beforeAll(async () => {
  server = await startSeparateServer(inject('world'))
  shop = await server.business()
  return () => server.close()
})

/** Sends a request while `change` is not committed yet; commits when the request waits for it, or was answered. */
function during<T>(change: (db: Kysely<DB>) => Promise<unknown>, request: () => Promise<Reply<T>>): Promise<Reply<T>> {
  let reply: Promise<Reply<T>> | undefined
  return server
    .stored(async (db) => {
      await change(db)
      let isAnswered = false
      reply = request().finally(() => (isAnswered = true))
      const isWaiting = async () =>
        (await sql<{ waiting: boolean }>`select exists (select from pg_locks where not granted) as waiting`.execute(db))
          .rows[0]!.waiting
      while (!isAnswered && !(await isWaiting())) await new Promise((resolve) => setTimeout(resolve, 5))
    })
    .then(() => reply!)
}

const signedInAgain = async ({ email }: Person): Promise<Person> => {
  const person = server.anyone()
  await person.ok('signIn', { email, password: PASSWORD })
  return person
}

describe('a password of staff', () => {
  it('that changes during a sign-in with the old one ends it', async () => {
    const { email } = await shop.staff('worker')
    const visitor = server.anyone()
    const change = (db: Kysely<DB>) =>
      db.updateTable('people').set({ password_hash: 'another' }).where('email_norm', '=', email).execute()
    const reply = await during(change, () => visitor.call('signIn', { email, password: PASSWORD }))
    expect([reply.status, reply.body.code]).toEqual([401, 'wrongCredentials'])
    expect((await visitor.call('getCurrentUser')).status).toBe(401)
  })

  it('is changed once by two who know it, and not by the second with the one that was replaced', async () => {
    const worker = await shop.staff('worker')
    const others = [await signedInAgain(worker), await signedInAgain(worker)]
    const passwords = [NEW_PASSWORD, 'eleven loud kettles']
    const replies = await Promise.all(
      others.map((person, index) =>
        person.call('changePassword', { currentPassword: PASSWORD, password: passwords[index] }),
      ),
    )
    const changed = replies.findIndex((reply) => reply.status === 200)
    expect(replies.filter((reply) => reply.status === 200)).toHaveLength(1)
    const signIns = await Promise.all(
      passwords.map((password) => server.anyone().call('signIn', { email: worker.email, password })),
    )
    expect(signIns.map((reply) => reply.status === 200)).toEqual(passwords.map((_, index) => index === changed))
    expect((await others[1 - changed]!.call('getCurrentUser')).status).toBe(401)
  })
})

describe('a role of staff', () => {
  it('PS-40 that an owner gives away meanwhile cannot be taken by an admin who saw the earlier one', async () => {
    const [admin, member] = [await shop.staff('admin'), await shop.staff('worker')]
    const roleOf = async () =>
      (await shop.owner.ok('listStaff')).members.find((each) => each.email === member.email)!.role
    const promote = (db: Kysely<DB>) =>
      db.updateTable('staff_members').set({ role: 'owner' }).where('id', '=', member.id).execute()
    const reply = await during(promote, () => admin.call('changeStaffRole', { member: member.id, role: 'worker' }))
    expect([reply.status, reply.body.code]).toEqual([403, 'ownersOnly'])
    expect(await roleOf()).toBe('owner')
  })
})
