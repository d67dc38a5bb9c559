/** Portal users see their own records and no contact details of other people. */
import { describe, expect, inject, it } from 'vitest'
import { contracts } from '../src/operations.ts'
import { surfaceOf } from '../src/platform/caller.ts'
import type { Definition } from '../src/platform/operation.ts'
import { bodies } from './access-bodies.fixtures.ts'
import { buildWorld } from './access.fixtures.ts'
import { bookJob } from './portal.fixtures.ts'
import { startSeparateServer, type Business, type OperationName, type Person } from './test-server.ts'

const operations = Object.entries(contracts as Record<string, Definition>)

describe('one database connection', () => {
  it('PS-06 users, staff and strangers who share one database connection see only their own records', async () => {
    const server = await startSeparateServer(inject('world'))
    try {
      server.app.pools.app.options.max = 1
      const [here, there] = [await server.business(), await server.business()]
      const members = await Promise.all(
        [
          [here, 'Quay'],
          [here, 'Dock'],
          [there, 'Hill'],
        ].map(async ([shop, name]) => {
          const business = shop as Business
          const customer = await business.customer(name as string)
          return {
            shop: business,
            customer,
            user: await business.portalUser({ customers: [customer], name: name as string }),
          }
        }),
      )
      const template = new Map([
        [here, await here.template()],
        [there, await there.template()],
      ])
      const jobs = new Map<Person, string[]>()
      for (const { shop, user } of members)
        jobs.set(user, [await bookJob(user, template.get(shop)!), await bookJob(user, template.get(shop)!)].sort())
      const visitor = here.visitor()
      const rounds = Array.from({ length: 60 }, (_, index) => index)
      await Promise.all(
        rounds.map(async (index) => {
          const { user } = members[index % members.length]!
          const foreign = jobs.get(members[(index + 1) % members.length]!.user)![0]!
          const [{ rows }, { customers, counts }] = [
            await user.ok('listPortalJobs'),
            await user.ok('getPortalJobsOverview'),
          ]
          expect([rows.map((job) => job.id).sort(), counts.all, customers.length]).toEqual([jobs.get(user), 2, 1])
          expect((await user.call('getPortalJob', { job: foreign })).status).toBe(404)
          expect((await visitor.call('listPortalJobs')).status).toBe(401)
          expect((await here.owner.ok('listJobs')).rows).toHaveLength(4)
        }),
      )
      expect(server.app.pools.app.totalCount).toBe(1)
    } finally {
      await server.close()
    }
  })
})

describe('personal data in the portal', () => {
  it("PS-17 no portal answer contains another person's email address or phone number", async () => {
    const server = await startSeparateServer(inject('world'))
    try {
      const world = await buildWorld(server)
      const user = world.callers.find((caller) => caller.name === 'portal user')!.person
      await server.stored(async (db) => {
        const users = await db.selectFrom('portal_users').select('id').execute()
        for (const [index, { id }] of users.entries())
          await db
            .updateTable('portal_users')
            .set({ phone: `07700 ${900100 + index}` })
            .where('id', '=', id)
            .execute()
        await db.updateTable('contacts').set({ phone: '+44 117 496 0999' }).execute()
      })
      const secrets = await server
        .stored(async (db) => [
          ...(
            await db.selectFrom('portal_users').select(['email', 'phone']).where('id', '<>', user.id).execute()
          ).flatMap(({ email, phone }) => [email, phone!]),
          ...(await db.selectFrom('people').select('email').execute()).map(({ email }) => email),
          ...(await db.selectFrom('contacts').select(['email', 'phone']).execute()).flatMap(({ email, phone }) => [
            email!,
            phone!,
          ]),
        ])
        .then((all) => [...new Set(all)].filter((each) => each !== null && each !== user.email))
      expect(secrets.length).toBeGreaterThan(30)
      const leaks: string[] = []
      let answered = 0
      // Operations that end the session or remove the job are left out.
      const isDestructive = /^(signOut|end|delete|cancel|change|signIn|signUp)|PasswordReset/
      const portalOperations: [string, Definition][] = operations.filter(
        ([key, each]) =>
          surfaceOf(each.path) === 'portal' &&
          each.audience.includes('portalUser') &&
          !each.upload &&
          !each.download &&
          !isDestructive.test(key),
      )
      for (const [name, definition] of portalOperations) {
        for (const relation of ['own', 'colleague'] as const) {
          const ids = world.ids[relation]
          const input = {
            ...Object.fromEntries(
              Object.keys(definition.params?.shape ?? {}).map((key) => [key, ids[key as keyof typeof ids] ?? 'x']),
            ),
            ...bodies[name as OperationName]?.(ids),
          }
          const reply = await user.call(name as OperationName, input, { slug: world.slug })
          answered += Number(reply.status < 300)
          for (const secret of secrets)
            if (reply.text.toLowerCase().includes(secret.toLowerCase())) leaks.push(`${name} × ${relation}: ${secret}`)
        }
      }
      // At most the name is shown of a colleague or of staff.
      const job = await user.ok('getPortalJob', { job: world.ids.own.job }, { slug: world.slug })
      expect(new Set([...job.history, ...job.comments, ...job.files].flatMap((each) => Object.keys(each.by)))).toEqual(
        new Set(['kind', 'name']),
      )
      expect(answered).toBeGreaterThan(14)
      expect(leaks).toEqual([])
    } finally {
      await server.close()
    }
  })
})
