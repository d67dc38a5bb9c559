import { describe, expect, it } from 'vitest'
import { linkIn } from '../../../../test/test-server.ts'
import { server, shop, setUpSignInTests } from './portal-sign-in.fixtures.ts'

setUpSignInTests()

describe('updatePortalProfile', () => {
  it("E-67 changes only the user's own contact details; two windows do not overwrite each other", async () => {
    const user = await shop.portalUser()
    const before = await user.ok('getPortalProfile')
    const after = await user.ok('updatePortalProfile', {
      version: before.version,
      name: 'Eleanor Finch-Hale',
      phone: '+44 7700 900318',
    })
    expect(after).toMatchObject({
      name: 'Eleanor Finch-Hale',
      phone: '+44 7700 900318',
      email: user.email,
      version: before.version + 1,
    })
    expect((await user.call('updatePortalProfile', { version: before.version, name: 'Late' })).body.code).toBe(
      'profileChanged',
    )
    for (const extra of [
      { email: 'new@post.example' },
      { status: 'active' },
      { permissions: { deleteJobs: true } },
      { id: shop.id },
      { templates_mode: 'replace' },
    ]) {
      expect(
        (await user.call('updatePortalProfile', { version: after.version, name: 'Eleanor', ...extra })).body.fields,
      ).toMatchObject({ [Object.keys(extra)[0]!]: { code: 'unknown' } })
    }
    expect((await user.ok('getPortalProfile')).name).toBe('Eleanor Finch-Hale')
  })

  it('E-69 a detail that the business requires cannot be removed', async () => {
    const user = await shop.portalUser()
    const { version } = await user.ok('getPortalProfile')
    expect((await user.call('updatePortalProfile', { version, name: null })).body.fields).toMatchObject({
      name: { code: 'required' },
    })
  })
})

describe('stored secrets', () => {
  it('C7 E-70 CP-24 no password or link is in any table or log line', async () => {
    const business = await server.business(),
      visitor = business.visitor(),
      email = 'canary@post.example',
      secret = 'canary-sings-in-the-mine'
    await visitor.ok('signUp', { name: 'Ca Nary', email, password: secret })
    const link = linkIn((await server.mailTo(email))[0])
    await visitor.ok('activateAccount', { token: link.split('/').at(-1)! })
    const rows = await server.stored(async (db) =>
      JSON.stringify(
        await Promise.all(
          (['portal_users', 'tokens', 'portal_sessions', 'audit', 'outbox', 'deliveries'] as const).map((table) =>
            db.selectFrom(table).selectAll().where('account_id', '=', business.id).execute(),
          ),
        ),
      ),
    )
    for (const found of [secret, link.split('/').at(-1)!, [...visitor.cookies.values()][0]!]) {
      expect(rows).not.toContain(found)
      expect(server.log.join('')).not.toContain(found)
    }
  })
})
