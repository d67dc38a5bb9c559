/** Tokens of mailed links: an address that guesses is stopped, one where many right links are opened is not. */
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { contracts } from '../src/operations.ts'
import type { Definition } from '../src/platform/operation.ts'
import { newToken } from '../src/platform/secrets.ts'
import { forgetLimits, linkIn, startSeparateServer, type OperationName, type TestServer } from './test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startSeparateServer(inject('world'))
  return () => server.close()
})
beforeEach(() => forgetLimits(server))

const password = 'seven quiet lanterns'
const setUp = {
  ...{ business: 'Harbour', slug: 'harbour-x', timeZone: 'Europe/London', currency: 'GBP', name: 'Ruth' },
  ...{ email: 'ruth@post.example', password },
}
/** What each operation takes beside its token. */
const bodies: Partial<Record<OperationName, object>> = {
  acceptInvitation: { password },
  acceptStaffInvitation: { name: 'Ada', password },
  activateAccount: {},
  confirmEmailChange: { password },
  getActivation: {},
  getEmailChange: {},
  getPasswordReset: {},
  getPortalPasswordReset: {},
  getSecureLink: {},
  getSetUp: {},
  getStaffInvitation: {},
  openSecureLink: {},
  renewActivation: {},
  resetPassword: { password },
  resetPortalPassword: { password },
  setUp,
}
const operations = (Object.entries(contracts) as [OperationName, Definition][]).filter(
  ([, { params }]) => params && 'token' in params.shape,
)

describe('guesses at tokens', () => {
  it('every operation that takes a token is tested', () => {
    expect(operations.map(([name]) => name).sort()).toEqual(Object.keys(bodies))
  })

  it.each(operations)(
    '%s: an address that tries unknown tokens is refused after a while',
    async (name, { limits }) => {
      const shop = await server.business()
      const limit = limits!.find((each) => each.by === 'address')!
      const call = () => shop.visitor().call(name, { ...bodies[name], token: newToken().token })
      const statuses = []
      for (let n = 0; n < limit.max + 1; n++) statuses.push((await call()).status)
      expect(statuses.slice(0, -1)).not.toContain(429)
      expect(statuses.at(-1)).toBe(429)
      // The limit of one address: a quarter of an hour or an hour later it tries again.
      server.clock.advance(limit.seconds * 1000)
      expect((await call()).status).not.toBe(429)
    },
    120_000,
  )

  it('right links opened and used at one address are never refused', async () => {
    const shop = await server.business()
    const office = await shop.staff('owner')
    const opened = new Set<number>()
    for (let n = 0; n < 62; n++) {
      const email = `guest.${n}@${shop.slug}.example`
      await office.ok('addPortalUser', { email })
      const token = linkIn((await server.mailTo(email)).at(-1), /http\S+activate\/\S+/)
        .split('/')
        .at(-1)!
      for (let look = 0; look < 5; look++) opened.add((await shop.visitor().call('getActivation', { token })).status)
      const { status } = await shop
        .visitor()
        .call('acceptInvitation', { token, password: `${password} ${n}`, name: 'A' })
      expect([n, status]).toEqual([n, 200])
    }
    expect(opened).toEqual(new Set([200]))
  }, 180_000)
})
