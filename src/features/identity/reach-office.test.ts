/** As for the portal, the reach of an office's session is computed twice, and must be one. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashToken } from '../../platform/secrets.ts'
import { startTestServer } from '../../../test/test-server.ts'
import { expectEqualReach, NO_MORE_OF_A_CALLER, openClient } from './reach.fixtures.ts'

const home = await startTestServer()

/** Three of four times the first: only where all is in order does a role say anything. */
const mostly = <Usual extends string, Other extends string>(usual: Usual, ...others: Other[]) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) })

describe('the reach of an office session', () => {
  it('PS-01 PS-48 the database sets exactly what reachOf says, for any role, account and session', async () => {
    const shop = await home.business()
    const member = await shop.staff('worker')
    const customer = await shop.customer()
    const [template, site] = [await shop.template(), await shop.site(customer)]
    const { id: job } = await shop.owner.ok('createJob', { customer, template, site, fields: {} })
    const { client, close } = await openClient(home)
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.record({
            role: fc.constantFrom('owner', 'admin', 'dispatcher', 'worker'),
            isAssigned: fc.boolean(),
            member: mostly('active', 'deactivated'),
            account: mostly('active', 'suspended'),
            session: mostly('own', 'none', 'wrong', 'ended', 'idle'),
            address: mostly('own', 'former', 'nobody'),
          }),
          async (given) => {
            const now = home.clock.now()
            await home.stored(async (db) => {
              await db.updateTable('accounts').set({ status: given.account }).where('id', '=', shop.id).execute()
              await db
                .updateTable('staff_members')
                .set({ role: given.role, status: given.member })
                .where('id', '=', member.id)
                .execute()
              await db
                .updateTable('jobs')
                .set({
                  worker_id: given.isAssigned ? member.id : null,
                  status: given.isAssigned ? 'assigned' : 'unassigned',
                })
                .where('id', '=', job)
                .execute()
              await db.deleteFrom('account_slugs').where('slug', '=', `former-${shop.slug}`).execute()
              if (given.address === 'former')
                await db
                  .insertInto('account_slugs')
                  .values({
                    slug: `former-${shop.slug}`,
                    account_id: shop.id,
                    is_current: false,
                    created_at: now,
                    retired_at: now,
                  })
                  .execute()
              await db
                .updateTable('people_sessions')
                .set({
                  seen_at: new Date(now.getTime() - (given.session === 'idle' ? 61 : 0) * 60_000),
                  ends_at: new Date(now.getTime() + (given.session === 'ended' ? -1 : 60) * 60_000),
                })
                .where('hash', '=', hashToken(member.cookies.get('portico_people')!)!)
                .execute()
            })
            const known = await expectEqualReach(
              client,
              'office',
              {
                addresses: {
                  office: { own: shop.slug, former: `former-${shop.slug}`, nobody: 'nobody-here' }[given.address],
                },
                personToken:
                  given.session === 'none'
                    ? null
                    : given.session === 'wrong'
                      ? 'A'.repeat(43)
                      : member.cookies.get('portico_people')!,
                portalTokens: {},
                ...NO_MORE_OF_A_CALLER,
              },
              now,
            )
            const isSignedIn = given.session === 'own'
            const isStaff =
              isSignedIn && given.address === 'own' && given.member === 'active' && given.account === 'active'
            expect(known.actor.kind).toBe(isStaff ? 'staff' : isSignedIn ? 'person' : 'anonymous')
            if (isStaff)
              expect(known.actor).toMatchObject({
                role: given.role,
                customers: given.role === 'worker' && given.isAssigned ? [customer] : [],
              })
          },
        ),
        { numRuns: 150 },
      )
    } finally {
      await close()
    }
  })

  it('reading updates when a session was last seen, at most once a minute', async () => {
    const shop = await home.business()
    const member = await shop.staff('dispatcher')
    const seen = async () =>
      (
        await home.stored((db) =>
          db
            .selectFrom('people_sessions')
            .select('seen_at')
            .where('hash', '=', hashToken(member.cookies.get('portico_people')!)!)
            .executeTakeFirstOrThrow(),
        )
      ).seen_at
    await member.ok('listJobs')
    const before = await seen()
    home.clock.advance(61_000)
    await member.ok('listJobs')
    expect(before).not.toEqual(home.clock.now())
    expect(await seen()).toEqual(home.clock.now())
  })
})
