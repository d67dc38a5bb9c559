/** A link in a mail can be used for one action only. */
import { beforeAll, describe, expect, it } from 'vitest'
import { contracts } from '../src/operations.ts'
import { surfaceOf } from '../src/platform/caller.ts'
import { newId } from '../src/platform/ids.ts'
import type { Definition } from '../src/platform/operation.ts'
import { bodies } from './access-bodies.fixtures.ts'
import { getUserVersion } from './portal.fixtures.ts'
import { fill, linkIn, send, startTestServer, type OperationName, type TestServer } from './test-server.ts'

const operations = Object.entries(contracts as Record<string, Definition>)

const TEXT_UPLOAD = {
  headers: { 'content-type': 'multipart/form-data; boundary=b' },
  body: '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\nhello\r\n--b--\r\n',
}

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})

describe('a mailed link', () => {
  it('PS-42 a link works for its own action only: not as a session, not for another action or kind of link', async () => {
    const shop = await server.business()
    const customer = await shop.customer()
    const visitor = shop.visitor()
    const tokenMailedTo = async (address: string) =>
      /\/([\w-]{43})(?:\b|$)/.exec(linkIn((await server.mailTo(address)).at(-1)))![1]!
    const invited = `invited.${newId()}@post.example`,
      signedUp = `waiting.${newId()}@post.example`,
      newAddress = `fresh.${newId()}@post.example`
    await shop.owner.ok('addPortalUser', { email: invited, customers: [customer] })
    await visitor.ok('signUp', { email: signedUp, password: 'a kettle in the harbour', name: 'Martha Okonkwo' })
    const userWithReset = await shop.portalUser({ customers: [customer] })
    await visitor.ok('requestPortalPasswordReset', { email: userWithReset.email })
    const userWithNewAddress = await shop.portalUser({ customers: [customer] })
    await shop.owner.ok('updatePortalUser', {
      user: userWithNewAddress.id,
      version: await getUserVersion(shop, userWithNewAddress),
      email: newAddress,
    })
    const links = [
      {
        token: await tokenMailedTo(invited),
        operations: ['getActivation', 'acceptInvitation', 'activateAccount', 'renewActivation'],
      },
      {
        token: await tokenMailedTo(signedUp),
        operations: ['getActivation', 'acceptInvitation', 'activateAccount', 'renewActivation'],
      },
      {
        token: await tokenMailedTo(userWithReset.email),
        operations: ['getPortalPasswordReset', 'resetPortalPassword'],
      },
      { token: await tokenMailedTo(newAddress), operations: ['getEmailChange', 'confirmEmailChange'] },
    ]
    const snapshot = () =>
      server.stored(async (db) =>
        JSON.stringify([
          await db.selectFrom('portal_users').selectAll().where('account_id', '=', shop.id).orderBy('id').execute(),
          await db.selectFrom('portal_sessions').select('id').where('account_id', '=', shop.id).orderBy('id').execute(),
          await db
            .selectFrom('tokens')
            .select(['id', 'used_at', 'replaced_at'])
            .where('account_id', '=', shop.id)
            .orderBy('id')
            .execute(),
          await db.selectFrom('jobs').select('id').where('account_id', '=', shop.id).execute(),
        ]),
      )
    const before = await snapshot()
    const accepted: string[] = []
    for (const { token, operations: allowed } of links) {
      for (const [name, definition] of operations) {
        const surface = surfaceOf(definition.path)
        const params = Object.keys(definition.params?.shape ?? {})
        const sample = bodies[name as OperationName]?.({} as never) ?? {}
        const sendWith = (cookies: Map<string, string>, linkToken: string) => {
          const input = {
            ...(definition.method === 'GET' ? {} : sample),
            ...Object.fromEntries(params.map((key) => [key, key === 'token' ? linkToken : newId()])),
          }
          const { path, query, body } = fill(definition, input, shop.slug)
          return send({
            port: server.port,
            host: surface === 'portal' ? `${shop.slug}.localhost:${server.port}` : `localhost:${server.port}`,
            method: definition.method,
            path: `/api/v1${path}${query}`,
            cookies: new Map(cookies),
            ...(definition.upload ? TEXT_UPLOAD : { body }),
          })
        }
        if (!definition.audience.includes('anonymous' as never)) {
          // As the session cookie of the portal and of the office.
          const reply = await sendWith(
            new Map([
              [`portico_portal_${shop.id.slice(-12)}`, token],
              ['portico_people', token],
            ]),
            newId(),
          )
          if (reply.status !== 401) accepted.push(`${name} with the token as a session: ${reply.status}`)
        } else if (params.includes('token') && !allowed.includes(name)) {
          const reply = await sendWith(new Map(), token)
          const status = (reply.body as { status?: string }).status
          if (reply.status < 400 ? status !== 'unknown' : ![404, 409].includes(reply.status))
            accepted.push(`${name} with the token as another link: ${reply.status} ${status ?? ''}`)
        }
      }
    }
    expect(accepted).toEqual([])
    expect(await snapshot()).toBe(before)
    // Each link still works for its own action.
    expect((await visitor.ok('getActivation', { token: links[0]!.token })).status).toBe('open')
    expect((await visitor.ok('getPortalPasswordReset', { token: links[2]!.token })).status).toBe('open')
    expect(
      (await visitor.ok('confirmEmailChange', { token: links[3]!.token, password: 'seven quiet lanterns' })).email,
    ).toBe(newAddress)
  })
})
