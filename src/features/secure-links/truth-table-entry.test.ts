/** Truth table 1 of the requirements, cell by cell: what a credential opens, by the portal users of its customer. */
import { describe, expect, it } from 'vitest'
import { PASSWORD } from '../../../test/test-server.ts'
import {
  createLinkWorld,
  enterStage,
  home,
  linkAsContact,
  open,
  seen,
  STAGES,
  tokenOf,
  visit,
  type LinkWorld,
  type Stage,
} from './secure-links.fixtures.ts'

/** Makes the token in P0, brings the customer to the stage, and opens it in a new browser. */
async function enterBy(stage: Stage, { contact }: { contact?: 'ana' } = {}) {
  const world = await createLinkWorld()
  const token = await tokenOf(world, contact && world.contacts[contact])
  await enterStage(world, stage)
  const browser = world.shop.visitor()
  const reply = await open(browser, token)
  return { outcome: reply.body.outcome ?? reply.body.code, sees: await seen(browser, world) }
}

const EXPECTED = {
  P0: { customer: ['opened', 'everything'], contact: ['opened', 'own tickets'] },
  PU: { customer: ['password', 'signed out'], contact: ['password', 'signed out'] },
  P1: { customer: ['password', 'signed out'], contact: ['password', 'signed out'] },
} as const

describe('entry', () => {
  for (const stage of STAGES) {
    it(`RS-05 RS-06 ${stage} × customer link: ${EXPECTED[stage].customer.join(', ')}`, async () => {
      expect(Object.values(await enterBy(stage))).toEqual(EXPECTED[stage].customer)
    })

    it(`RS-05 RS-06 ${stage} × contact link: ${EXPECTED[stage].contact.join(', ')}`, async () => {
      expect(Object.values(await enterBy(stage, { contact: 'ana' }))).toEqual(EXPECTED[stage].contact)
    })

    for (const [ending, code] of [
      ['revoked', 'linkRevoked'],
      ['replaced', 'linkReplaced'],
      ['expired', 'linkExpired'],
    ] as const)
      it(`PS-44 ${stage} × ${ending} link: refused as ${ending}`, async () => {
        const world = await createLinkWorld()
        const token = await tokenOf(world)
        await endLink(world, ending)
        await enterStage(world, stage)
        const browser = world.shop.visitor()
        const before = await browser.ok('getSecureLink', { token })
        expect([before.status, (await open(browser, token)).body.code]).toEqual([ending, code])
        expect(await seen(browser, world)).toBe('signed out')
      })

    it(`RS-12 ${stage} × no credential: nothing but the sign-in page`, async () => {
      const world = await createLinkWorld()
      await enterStage(world, stage)
      const browser = world.shop.visitor()
      expect((await browser.call('getPortalJob', { job: world.job })).status).toBe(401)
      expect(await browser.ok('getPortal')).toMatchObject({ currentUser: null, visitor: null, secureLinks: true })
    })

    it(`CP-02 ${stage} × portal off or customer archived: no link opens, and sessions see nothing`, async () => {
      const [off, archived] = [await createLinkWorld(), await createLinkWorld()]
      for (const world of [off, archived]) {
        const token = await tokenOf(world)
        const browser = await visit(world)
        await enterStage(world, stage)
        if (world === off) await turnOff(world)
        else await archive(world)
        expect((await open(world.shop.visitor(), token)).body.code).toBe(world === off ? 'portalOff' : 'linkClosed')
        expect((await browser.call('getPortalJob', { job: world.job })).status).toBe(401)
      }
    })
  }

  it('RS-07 RS-08 P1 × password: everything for the whole customer, own tickets for a contact, nobody for No access', async () => {
    const world = await createLinkWorld()
    const { shop, customer, contacts } = world
    const whole = await shop.portalUser({ customers: [customer], signedIn: false })
    const ofContact = await shop.portalUser({ signedIn: false })
    await linkAsContact(shop, ofContact, customer, contacts.ana)
    const { rows } = await shop.owner.ok('listPermissionGroups')
    const none = rows.find(({ kind }) => kind === 'none')!.id
    const disabled = await shop.portalUser({ customers: [customer], group: none, signedIn: false })
    const signIn = async ({ email }: { email: string }) => {
      const browser = shop.visitor()
      const { status } = await browser.call('signInToPortal', { email, password: PASSWORD })
      return status === 200 ? seen(browser, world) : status
    }
    expect([await signIn(whole), await signIn(ofContact), await signIn(disabled)]).toEqual([
      'everything',
      'own tickets',
      401,
    ])
  })

  it('RS-06 a portal user in the group No access closes the link as well', async () => {
    const world = await createLinkWorld()
    const { rows } = await world.shop.owner.ok('listPermissionGroups')
    const token = await tokenOf(world)
    const none = rows.find(({ kind }) => kind === 'none')!.id
    await world.shop.portalUser({ customers: [world.customer], group: none })
    expect((await open(world.shop.visitor(), token)).body.outcome).toBe('password')
  })

  it('RS-06 an invitation does not close the link where the account counts activated users only', async () => {
    const world = await createLinkWorld()
    const { version } = await world.shop.owner.ok('getPortalSettings')
    await world.shop.owner.ok('updatePortalSettings', { version, countUnclaimed: false })
    const token = await tokenOf(world)
    await enterStage(world, 'PU')
    expect((await open(world.shop.visitor(), token)).body.outcome).toBe('opened')
    await enterStage(world, 'P1')
    expect((await open(world.shop.visitor(), token)).body.outcome).toBe('password')
  })

  it('RS-05 the lock mode of the customer wins over that of the account', async () => {
    const world = await createLinkWorld()
    const { dispatcher, customer, shop } = world
    const token = await tokenOf(world)
    const outcome = async () => {
      const { body } = await open(shop.visitor(), token)
      return body.outcome ?? body.code
    }
    const outcomes = []
    for (const lockMode of ['password', 'closed', 'automatic', null] as const) {
      await dispatcher.ok('updateLinkLock', { customer, lockMode })
      outcomes.push(await outcome())
    }
    const { version } = await shop.owner.ok('getPortalSettings')
    await shop.owner.ok('updatePortalSettings', { version, lockMode: 'closed' })
    outcomes.push(await outcome())
    await dispatcher.ok('updateLinkLock', { customer, lockMode: 'automatic' })
    outcomes.push(await outcome())
    expect(outcomes).toEqual(['password', 'linkClosed', 'opened', 'opened', 'linkClosed', 'opened'])
  })
})

async function endLink(world: LinkWorld, ending: 'revoked' | 'replaced' | 'expired') {
  const { dispatcher, customer, shop } = world
  if (ending === 'replaced') await tokenOf(world, undefined, { replace: true })
  if (ending === 'revoked') {
    const [link] = (await dispatcher.ok('listSecureLinks', { customer })).rows
    await dispatcher.ok('revokeSecureLink', { customer, secureLink: link!.id })
  }
  if (ending === 'expired')
    await home.stored((db) =>
      db.updateTable('secure_links').set({ expires_at: home.clock.now() }).where('account_id', '=', shop.id).execute(),
    )
}

async function turnOff({ shop }: LinkWorld) {
  const { version } = await shop.owner.ok('getPortalSettings')
  await shop.owner.ok('updatePortalSettings', { version, enabled: false })
}

const archive = ({ shop, customer }: LinkWorld) =>
  home.stored((db) =>
    db
      .updateTable('customers')
      .set({ status: 'archived' })
      .where('account_id', '=', shop.id)
      .where('id', '=', customer)
      .execute(),
  )
