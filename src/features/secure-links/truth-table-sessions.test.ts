/** Truth table 3 of the requirements: a browser with a session opens another link. It never carries two customers. */
import { describe, expect, it } from 'vitest'
import {
  createLinkWorld,
  enterStage,
  linkAsContact,
  open,
  seen,
  tokenOf,
  visit,
  type LinkWorld,
} from './secure-links.fixtures.ts'
import type { Person } from '../../../test/test-server.ts'

/** Two customers of one business. */
async function createTwo() {
  const a = await createLinkWorld()
  return { a, b: await createLinkWorld(a.shop) }
}
const both = async (browser: Person, { a, b }: { a: LinkWorld; b: LinkWorld }) => [
  await seen(browser, a),
  await seen(browser, b),
]

describe('a session meets a link', () => {
  it('RS-19 visitor of A × link of A: stays, in the same session', async () => {
    const { a } = await createTwo()
    const browser = await visit(a)
    const cookies = new Map(browser.cookies)
    expect((await open(browser, await tokenOf(a))).body.outcome).toBe('stayed')
    expect(browser.cookies).toEqual(cookies)
    expect(await seen(browser, a)).toBe('everything')
  })

  it('RS-18 RS-19 visitor of A × link of B, P0: A ends and B begins with one click', async () => {
    const worlds = await createTwo()
    const browser = await visit(worlds.a)
    const before = new Map(browser.cookies)
    expect((await open(browser, await tokenOf(worlds.b))).body.outcome).toBe('opened')
    expect(await both(browser, worlds)).toEqual(['nothing', 'everything'])
    const old = worlds.a.shop.visitor()
    for (const [name, value] of before) old.cookies.set(name, value)
    expect(await seen(old, worlds.a)).toBe('signed out')
  })

  it('RS-18 RS-19 visitor of A × link of B, P1: A ends, and B asks for a password', async () => {
    const worlds = await createTwo()
    const browser = await visit(worlds.a)
    const token = await tokenOf(worlds.b)
    await enterStage(worlds.b, 'P1')
    expect((await open(browser, token)).body.outcome).toBe('password')
    expect(await both(browser, worlds)).toEqual(['signed out', 'signed out'])
  })

  it('RS-19 contact-level user of A × link of A: stays as they are, and the link widens nothing', async () => {
    const { a } = await createTwo()
    const token = await tokenOf(a)
    const user = await a.shop.portalUser()
    await linkAsContact(a.shop, user, a.customer, a.contacts.ana)
    expect(await seen(user, a)).toBe('own tickets')
    expect((await open(user, token)).body.outcome).toBe('stayed')
    expect(await seen(user, a)).toBe('own tickets')
  })

  for (const scope of ['whole', 'contact'] as const)
    for (const stage of ['P0', 'P1'] as const)
      it(`RS-19 ${scope} user of A × link of B, ${stage}: is asked before anything of B opens`, async () => {
        const worlds = await createTwo()
        const { a, b } = worlds
        const user = await a.shop.portalUser(scope === 'whole' ? { customers: [a.customer] } : {})
        if (scope === 'contact') await linkAsContact(a.shop, user, a.customer, a.contacts.ana)
        const ofA = scope === 'whole' ? 'everything' : 'own tickets'
        const token = await tokenOf(b)
        await enterStage(b, stage)
        expect((await user.ok('getSecureLink', { token })).session).toBe('user')
        expect((await open(user, token)).body.code).toBe('signedInElsewhere')
        expect(await both(user, worlds)).toEqual([ofA, 'nothing'])
        expect((await open(user, token, { leave: true })).body.outcome).toBe(stage === 'P0' ? 'opened' : 'password')
        expect(await both(user, worlds)).toEqual(
          stage === 'P0' ? ['nothing', 'everything'] : ['signed out', 'signed out'],
        )
      })
})
