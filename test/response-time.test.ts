/**
 * The time of an answer must not tell strangers which addresses have a login. Times are too noisy to compare, so this
 * compares what takes time: every statement and every hash that an answer waits for.
 */
import { createHook } from 'node:async_hooks'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { hashPassword } from '../src/platform/secrets.ts'
import { startSeparateServer, type Business, type Reply, type TestServer } from './test-server.ts'

let server: TestServer, shop: Business
let statements: string[] = []
let nativeTasks = 0
/** Native work in the thread pool has no type; hashing is the only one here. */
const nativeWork = createHook({
  init: (_id, type) => {
    if (type === undefined || type === 'undefined') nativeTasks++
  },
})

beforeAll(async () => {
  server = await startSeparateServer(inject('world'))
  server.app.pools.app.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown
    client.query = ((config: pg.QueryConfig | string, ...rest: unknown[]) => {
      const text = (typeof config === 'string' ? config : config.text).replaceAll(/\s+/g, ' ').trim()
      // Keeping and undoing a step take the same time: what the step wrote was sent to the disk's log in both cases.
      statements.push(text.replace(/^(?:release|rollback to) savepoint/, 'end savepoint'))
      return query(config, ...rest)
    }) as never
  })
  shop = await server.business()
  nativeWork.enable()
})
afterAll(async () => {
  nativeWork.disable()
  await server.close()
})

async function recordWork(work: () => Promise<unknown>) {
  // A transaction may still be ending after its answer.
  await new Promise((resolve) => setTimeout(resolve, 20))
  statements = []
  nativeTasks = 0
  await work()
  await new Promise((resolve) => setTimeout(resolve, 20))
  return { hashes: nativeTasks, statements: [...statements] }
}

it('hashes are counted', async () => {
  expect(await recordWork(() => hashPassword('a kettle in the harbour'))).toMatchObject({ hashes: 1 })
})

/** The owner's session ends when the clock moves. */
async function renewOwner(): Promise<void> {
  shop.owner.cookies.clear()
  shop.owner.cookies.set('portico_people', (await shop.staff('owner')).cookies.get('portico_people')!)
}

/** Failed sign-ins, half an hour between each, so that none is turned away. */
async function failTimes(count: number, guess: () => Promise<Reply>): Promise<void> {
  for (let n = 0; n < count; n++) {
    expect((await guess()).status).toBe(401)
    server.clock.advance(30 * 60_000)
  }
  await renewOwner()
}

let addresses = 0
const newAddress = () => `person.${++addresses}@post.example`

/** Addresses in every state, each made anew, so that no limit is reached. */
const PORTAL_ADDRESSES: Record<string, () => Promise<string>> = {
  unknown: async () => newAddress(),
  invited: async () => (await shop.owner.ok('addPortalUser', { email: newAddress() })).email,
  'signed up': async () => {
    const email = newAddress()
    await shop.visitor().ok('signUp', { email, name: 'Martha Okonkwo', password: 'a kettle in the harbour' })
    return email
  },
  active: async () => (await shop.portalUser({ email: newAddress(), signedIn: false })).email,
  suspended: async () => {
    const user = await shop.portalUser({ email: newAddress() })
    await shop.owner.ok('suspendPortalUser', { user: user.id })
    return user.email
  },
  removed: async () => {
    const user = await shop.portalUser({ email: newAddress() })
    await shop.owner.ok('removePortalUser', { user: user.id })
    return user.email
  },
}

describe('a portal does the same work for every address', () => {
  const calls = {
    signUp: { name: 'Martha Okonkwo', password: 'a kettle in the harbour' },
    resendActivation: {},
    requestPortalPasswordReset: {},
    signInToPortal: { password: 'not the password' },
  } as const

  for (const [operation, input] of Object.entries(calls))
    it.each(['just now', 'an hour ago'])(`${operation}, for addresses that got their state %s`, async (since) => {
      const works: Record<string, unknown> = {}
      for (const [state, create] of Object.entries(PORTAL_ADDRESSES)) {
        const email = await create()
        if (since === 'an hour ago') {
          server.clock.advance(3600_000)
          await renewOwner()
        }
        works[state] = await recordWork(() => shop.visitor().call(operation as 'signUp', { ...input, email }))
      }
      const { unknown, ...others } = works
      expect((unknown as { statements: string[] }).statements.length).toBeGreaterThan(1)
      for (const [state, work] of Object.entries(others)) expect(work, state).toEqual(unknown)
    })

  it('once its owner is told of many failed sign-ins, and after that', async () => {
    for (const failures of [9, 10]) {
      const works: Record<string, unknown> = {}
      for (const [state, create] of Object.entries(PORTAL_ADDRESSES)) {
        const email = await create()
        const guess = () => shop.visitor().call('signInToPortal', { email, password: 'not the password' })
        await failTimes(failures, guess)
        works[state] = await recordWork(guess)
      }
      const { unknown, ...others } = works
      for (const [state, work] of Object.entries(others)) expect(work, `${state} after ${failures}`).toEqual(unknown)
    }
  }, 120_000)

  it('once the mails of the hour are used up, too', async () => {
    const works: Record<string, unknown> = {}
    for (const [state, create] of Object.entries(PORTAL_ADDRESSES)) {
      const email = await create()
      for (let n = 0; n < 5; n++) await shop.visitor().ok('resendActivation', { email })
      works[state] = await recordWork(() => shop.visitor().ok('requestPortalPasswordReset', { email }))
    }
    const { unknown, ...others } = works
    for (const [state, work] of Object.entries(others)) expect(work, state).toEqual(unknown)
  })
})

describe('the office does the same work for every address', () => {
  const people: Record<string, () => Promise<string>> = {
    unknown: async () => newAddress(),
    invited: async () => {
      const email = newAddress()
      await shop.owner.ok('inviteStaff', { email, role: 'worker' })
      return email
    },
    active: async () => (await shop.staff('worker')).email,
    deactivated: async () => {
      const member = await shop.staff('worker')
      await shop.owner.ok('deactivateStaff', { member: member.id })
      return member.email
    },
    'of a suspended account': async () => {
      const other = await server.business()
      await server.stored((db) =>
        db.updateTable('accounts').set({ status: 'suspended' }).where('id', '=', other.id).execute(),
      )
      return other.owner.email
    },
  }

  it.each([
    ['requestPasswordReset', {}],
    ['signIn', { password: 'not the password' }],
  ] as const)('%s', async (operation, input) => {
    const works: Record<string, unknown> = {}
    for (const [state, create] of Object.entries(people)) {
      const email = await create()
      works[state] = await recordWork(() => server.anyone().call(operation, { ...input, email }))
    }
    const { unknown, ...others } = works
    expect((unknown as { statements: string[] }).statements.length).toBeGreaterThan(1)
    for (const [state, work] of Object.entries(others)) expect(work, state).toEqual(unknown)
  })

  it('once the owner of a login is told of many failed sign-ins, and after that', async () => {
    for (const failures of [9, 10]) {
      const works: Record<string, unknown> = {}
      for (const [state, create] of Object.entries(people)) {
        const email = await create()
        const guess = () => server.anyone().call('signIn', { email, password: 'not the password' })
        await failTimes(failures, guess)
        works[state] = await recordWork(guess)
      }
      const { unknown, ...others } = works
      for (const [state, work] of Object.entries(others)) expect(work, `${state} after ${failures}`).toEqual(unknown)
    }
  }, 120_000)

  it('mails the link to those with a login, and leaves nothing of it for others', async () => {
    const counts = async () =>
      server.stored(async (db) => [
        (await db.selectFrom('people_tokens').select('id').execute()).length,
        (await db.selectFrom('outbox').select('id').where('kind', '=', 'staffPasswordReset').execute()).length,
        (await db.selectFrom('audit').select('id').where('event', '=', 'personPasswordResetRequested').execute())
          .length,
      ])
    const before = await counts()
    for (const state of ['unknown', 'invited', 'deactivated', 'of a suspended account'])
      await server.anyone().ok('requestPasswordReset', { email: await people[state]!() })
    expect(await counts()).toEqual(before)
    const email = await people.active!()
    await server.anyone().ok('requestPasswordReset', { email })
    expect(await counts()).toEqual(before.map((count) => count + 1))
    expect((await server.mailTo(email)).map(({ subject }) => subject)).toHaveLength(1)
  })
})

it('answers to strangers leave nothing behind for an address without a user', async () => {
  const count = () =>
    server.stored(async (db) =>
      Promise.all(
        (['tokens', 'outbox', 'audit', 'portal_users'] as const).map(
          async (table) => (await db.selectFrom(table).select('id').where('account_id', '=', shop.id).execute()).length,
        ),
      ),
    )
  const email = newAddress()
  const before = await count()
  await shop.visitor().ok('requestPortalPasswordReset', { email })
  await shop.visitor().ok('resendActivation', { email })
  expect(await count()).toEqual(before)
})
