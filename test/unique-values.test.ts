/** What only one may have, asked for by many at once: one gets it, the others are refused, and nothing is half done. */
import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { linkIn, startTestServer, type Business, type Reply, type TestServer } from './test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})

const AT_ONCE = 12
const unused = () => `u${randomBytes(6).toString('hex')}`
const times = <T>(work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: AT_ONCE }, (_, n) => work(n)))
const businesses = () => times(() => server.business())
const statuses = (replies: readonly Reply[]) => replies.map((reply) => reply.status).sort()
const oneOf = (taken: number, refused: number) => [taken, ...Array.from({ length: AT_ONCE - 1 }, () => refused)]
const slugsOf = (business: Business) =>
  server.stored((db) =>
    db
      .selectFrom('account_slugs')
      .select(['slug', 'is_current'])
      .where('account_id', '=', business.id)
      .orderBy('created_at')
      .orderBy('slug')
      .execute(),
  )

describe('an address of a portal', () => {
  it('of businesses that ask for one address at once, one gets it and the others keep theirs', async () => {
    for (let round = 0; round < 3; round++) {
      const all = await businesses()
      const slug = unused()
      const replies = await Promise.all(all.map(({ owner }) => owner.call('changePortalAddress', { slug })))
      expect(statuses(replies)).toEqual(oneOf(200, 409))
      for (const [index, business] of all.entries()) {
        const isWinner = replies[index]!.status === 200
        expect((await slugsOf(business)).filter((each) => each.is_current)).toEqual([
          { slug: isWinner ? slug : business.slug, is_current: true },
        ])
        expect((await slugsOf(business)).length).toBe(isWinner ? 2 : 1)
      }
    }
  })

  it('an address that a business gave up over a year ago goes to one of those that ask for it', async () => {
    const former = await server.business()
    const slug = former.slug
    await former.owner.ok('changePortalAddress', { slug: unused() })
    await server.stored((db) =>
      db
        .updateTable('account_slugs')
        .set({ retired_at: new Date('2020-01-01') })
        .where('slug', '=', slug)
        .execute(),
    )
    const all = await businesses()
    const replies = await Promise.all(all.map(({ owner }) => owner.call('changePortalAddress', { slug })))
    expect(statuses(replies)).toEqual(oneOf(200, 409))
    for (const business of [...all, former])
      expect((await slugsOf(business)).filter((each) => each.is_current)).toHaveLength(1)
  })

  it('a business that asks for several addresses at once has one of them and keeps the others as old ones', async () => {
    const business = await server.business()
    const slugs = Array.from({ length: AT_ONCE }, unused)
    const replies = await Promise.all(slugs.map((slug) => business.owner.call('changePortalAddress', { slug })))
    // Once one of them is done, the address of the others' requests has moved.
    expect(replies.every((reply) => [200, 308].includes(reply.status))).toBe(true)
    const rows = await slugsOf(business)
    expect(rows.filter((each) => each.is_current)).toHaveLength(1)
    expect(rows).toHaveLength(1 + replies.filter((reply) => reply.status === 200).length)
  })
})

describe('other unique values', () => {
  it('of invitations of one address as staff, one is sent', async () => {
    const { owner } = await server.business()
    const email = `${unused()}@post.example`
    const replies = await times(() => owner.call('inviteStaff', { email, role: 'worker' }))
    expect(statuses(replies)).toEqual(oneOf(201, 409))
    expect(await server.mailTo(email)).toHaveLength(1)
  })

  it('of invitations of one address to the portal, one is sent', async () => {
    const { owner } = await server.business()
    const email = `${unused()}@post.example`
    const replies = await times(() => owner.call('addPortalUser', { email }))
    expect(statuses(replies)).toEqual(oneOf(201, 409))
    expect(await server.mailTo(email)).toHaveLength(1)
  })

  it('of customers with one reference, one is created', async () => {
    const { owner } = await server.business()
    const replies = await times((n) => owner.call('createCustomer', { name: `Customer ${n}`, reference: 'R-1' }))
    expect(statuses(replies)).toEqual(oneOf(201, 422))
    expect(new Set(replies.map((reply) => reply.body.fields?.reference?.code))).toEqual(new Set([undefined, 'taken']))
  })

  it('of customers that are given one reference, one has it', async () => {
    const business = await server.business()
    const customers = await times((n) => business.customer(`Customer ${n}`))
    const replies = await Promise.all(
      customers.map((customer) =>
        business.owner.call('updateCustomer', { customer, version: 1, name: 'Renamed', reference: 'R-2' }),
      ),
    )
    expect(statuses(replies)).toEqual(oneOf(200, 422))
  })

  it('of portal users who confirm one new address, one gets it and the links of the others say why', async () => {
    const business = await server.business()
    const users = await times(() => business.portalUser())
    const email = `${unused()}@post.example`
    for (const user of users) await business.owner.ok('updatePortalUser', { user: user.id, version: 1, email })
    const links = (await server.mailTo(email)).map((mail) =>
      linkIn(mail, /http\S+confirm-email\/\S+/)
        .split('/')
        .at(-1)!,
    )
    expect(links).toHaveLength(AT_ONCE)
    const replies = await Promise.all(
      links.map((token) => business.visitor().call('confirmEmailChange', { token, password: 'seven quiet lanterns' })),
    )
    expect(statuses(replies)).toEqual(oneOf(200, 409))
    expect(new Set(replies.map((reply) => reply.body.code))).toEqual(new Set([undefined, 'addressTaken']))
  })

  it('of invited portal users who are given one address, one gets it', async () => {
    const business = await server.business()
    const users = await times(() => business.portalUser({ status: 'invited', signedIn: false }))
    const email = `${unused()}@post.example`
    const replies = await Promise.all(
      users.map((user) => business.owner.call('updatePortalUser', { user: user.id, version: 1, email })),
    )
    expect(statuses(replies)).toEqual(oneOf(200, 409))
    expect(new Set(replies.map((reply) => reply.body.code))).toEqual(new Set([undefined, 'alreadyPortalUser']))
    expect(await server.mailTo(email)).toHaveLength(1)
  })

  it('of links of a portal user to one customer, one is created', async () => {
    const business = await server.business()
    const [user, customer] = [await business.portalUser(), await business.customer()]
    const replies = await times(() => business.owner.call('linkCustomer', { user: user.id, customer }))
    expect(statuses(replies)).toEqual(oneOf(201, 409))
  })
})
