import { describe, expect, it } from 'vitest'
import { linkIn } from '../../../../test/test-server.ts'
import { address, server, list, rowOf, shop, setUpPortalUserTests } from '../portal-users.fixtures.ts'

setUpPortalUserTests()

describe('the list', () => {
  it('CP-26 E-13 finds by name or email while typing, ignoring accents, and says when nothing matches', async () => {
    const [anna, bob] = [
      await shop.portalUser({ name: 'Anna Müller', email: address('anna') }),
      await shop.portalUser({ name: 'Bob O’Neill', email: address('bob') }),
    ]
    await server.stored((db) =>
      db
        .updateTable('portal_users')
        .set({ search_text: `anna muller ${anna.email}` })
        .where('account_id', '=', shop.id)
        .where('id', '=', anna.id)
        .execute(),
    )
    const found = async (search: string) => (await list({ search })).rows.map((row) => row.id)
    expect(await found('MULL')).toEqual([anna.id])
    expect(await found('müller anna')).toEqual([anna.id])
    expect(await found(bob.email.slice(0, 6))).toEqual([bob.id])
    expect(await found('')).toEqual([anna.id, bob.id])
    for (const nothing of ['zzz', '%', '_____________________________________', "' or 1=1 --", '\\'])
      expect(await found(nothing), nothing).toEqual([])
  })

  it('CP-26 finds the name given at sign-up, the one changed in the profile, and a confirmed new address', async () => {
    const open = await server.business({ public: true })
    const found = async (search: string) =>
      (await open.owner.ok('listPortalUsers', { search })).rows.map(({ email }) => email)
    const email = address('martha')
    await open.visitor().ok('signUp', { email, name: 'Żaneta Łopatka', password: 'a good long password' })
    expect(await found('zaneta lopatka')).toEqual([email])

    const user = await open.portalUser({ name: 'Bob Before' })
    const { version } = await user.ok('getPortalProfile')
    await user.ok('updatePortalProfile', { version, name: 'Zoë Afterwards' })
    expect(await found('zoe after')).toEqual([user.email])
    expect(await found('bob before')).toEqual([])

    const newEmail = address('renamed')
    const { version: seen } = await open.owner.ok('getPortalUser', { user: user.id })
    await open.owner.ok('updatePortalUser', { user: user.id, version: seen, email: newEmail })
    expect(await found('renamed')).toEqual([])
    const token = linkIn((await server.mailTo(newEmail)).at(-1), /confirm-email\/\S+/).split('/')[1]!
    await user.ok('confirmEmailChange', { token })
    expect(await found(newEmail)).toEqual([newEmail])
    expect(await found(user.email)).toEqual([])
  })

  it('PS-12 counts what the search finds, and each count is as long as its list', async () => {
    for (const status of ['active', 'active', 'invited', 'signed_up', 'suspended', 'removed'])
      await shop.portalUser({ status, name: `Ann ${status}` })
    await shop.portalUser({ name: 'Zed' })
    const { counts } = await list({ search: 'ann' })
    expect(counts).toEqual({ all: 5, active: 2, notActivated: 2, suspended: 1, disabled: 0, removed: 1 })
    for (const displayStatus of ['active', 'notActivated', 'suspended', 'removed'] as const)
      expect((await list({ search: 'ann', displayStatus })).rows, displayStatus).toHaveLength(counts[displayStatus])
    expect((await list({ search: 'ann' })).rows).toHaveLength(counts.all)
  })

  it('E-15 CP-13 tells invited, signed up, active, suspended and removed apart, and calls the first two not activated', async () => {
    for (const status of ['invited', 'signed_up', 'active', 'suspended', 'removed']) {
      const { id } = await shop.portalUser({ status, name: status })
      expect(await shop.owner.ok('getPortalUser', { user: id }), status).toMatchObject({
        status,
        displayStatus: status === 'invited' || status === 'signed_up' ? 'notActivated' : status,
      })
    }
  })

  it.each(['name', '-name', 'status', '-status', 'lastSignIn', '-lastSignIn', 'created', '-created'])(
    'pages through everybody once, sorted by %s',
    async (sort) => {
      await server.stored(async (db) => {
        await db
          .insertInto('portal_users')
          .values(
            Array.from({ length: 120 }, (_, each) => ({
              account_id: shop.id,
              id: crypto.randomUUID(),
              email: `u${each}@post.example`,
              email_norm: `u${each}@post.example`,
              status: ['active', 'invited', 'suspended'][each % 3]!,
              // Many share a name, and many never signed in: ties must not lose anybody.
              search_text: `ann ${each % 7}`,
              last_sign_in_at: each % 2 ? new Date(server.clock.now().getTime() - each * 1000) : null,
              created_at: server.clock.now(),
              updated_at: server.clock.now(),
            })),
          )
          .execute()
      })
      const seen: string[] = []
      let next: string | undefined
      do {
        const page = await list({ sort, ...(next && { cursor: next }) })
        seen.push(...page.rows.map((row) => row.id))
        next = page.next ?? undefined
      } while (next)
      expect(seen).toHaveLength(120)
      expect(new Set(seen).size).toBe(120)
    },
  )

  it('V-20 names the customers of each user and how many there are', async () => {
    const customers = [
      await shop.customer('Dockside'),
      await shop.customer('Quayside'),
      await shop.customer('Lockside'),
    ]
    const many = await shop.portalUser({ customers }),
      none = await shop.portalUser()
    expect((await rowOf(many.id))?.customers).toEqual({ count: 3, names: ['Dockside', 'Quayside'] })
    expect((await rowOf(none.id))?.customers).toEqual({ count: 0, names: [] })
    expect((await list({ customer: customers[1] })).rows.map((row) => row.id)).toEqual([many.id])
  })

  it('PS-14 refuses orders, filters and cursors it does not know', async () => {
    for (const query of [
      { sort: 'password_hash' },
      { displayStatus: 'locked' },
      { password: 'x' },
      { cursor: 'nonsense' },
      { customer: '1 or 1=1' },
    ])
      expect((await shop.owner.call('listPortalUsers', query)).status, JSON.stringify(query)).toBe(422)
  })

  it('PS-32 E-70 shows nothing of passwords, tokens or sessions', async () => {
    const user = await shop.portalUser()
    const text = JSON.stringify([await list(), await shop.owner.ok('getPortalUser', { user: user.id })])
    expect(text).not.toMatch(/argon2|password|hash|token"/i)
  })
})
