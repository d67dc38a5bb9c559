/** A session's reach is computed twice: by reachOf, and by the database where it finds the session. They must be one. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { startTestServer } from '../../../test/test-server.ts'
import { expectEqualReach, NO_MORE_OF_A_CALLER, openClient } from './reach.fixtures.ts'

const home = await startTestServer()

describe('the reach of a portal session', () => {
  it('PS-01 V-24 V-25 the database sets exactly what reachOf says, for any links, groups, templates and settings', async () => {
    const shop = await home.business()
    const customers = [await shop.customer('Ada'), await shop.customer('Ben'), await shop.customer('Cleo')]
    const templates = [await shop.template(), await shop.template(), await shop.template({ offered: false })]
    const contact = await home.stored(async (db) => {
      const id = crypto.randomUUID(),
        at = home.clock.now()
      await db
        .insertInto('contacts')
        .values({ account_id: shop.id, id, customer_id: customers[2]!, name: 'Cleo', created_at: at, updated_at: at })
        .execute()
      return id
    })
    await shop.owner.ok('createPermissionGroup', { name: 'Tenants' })
    const { rows } = await shop.owner.ok('listPermissionGroups')
    const groups = new Map<string, string>(rows.map((group) => [group.kind, group.id]))
    const { client, close } = await openClient(home)
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.record({
            linked: fc.subarray(customers),
            contact: fc.boolean(),
            mode: fc.constantFrom('default', 'add', 'replace', 'hide'),
            own: fc.subarray(templates),
            hides: fc.boolean(),
            enabled: mostly(true, false),
            account: mostly('active', 'suspended'),
            status: mostly('active', 'suspended'),
            archived: fc.constantFrom(null, customers[0]!),
            token: mostly('own', 'none', 'wrong'),
            address: mostly('own', 'nobody'),
            groups: fc.array(fc.constantFrom(null, 'full', 'limited', 'none', 'custom'), {
              minLength: 3,
              maxLength: 3,
            }),
            onLinks: fc.array(VALUE, { minLength: 3, maxLength: 3 }),
            onUser: VALUE,
            onCustom: fc.boolean(),
            isOffered: mostly(true, false),
            offersTickets: mostly(true, false),
            ticketsOnUser: VALUE,
          }),
          async (given) => {
            const who = await shop.portalUser({
              customers: given.linked,
              templatesMode: given.mode,
              templates: given.own,
            })
            await home.stored(async (db) => {
              if (given.contact && !given.linked.includes(customers[2]!)) {
                await db
                  .insertInto('portal_links')
                  .values({
                    account_id: shop.id,
                    id: crypto.randomUUID(),
                    portal_user_id: who.id,
                    customer_id: customers[2]!,
                    scope: 'contact',
                    contact_id: contact,
                    created_at: home.clock.now(),
                    updated_at: home.clock.now(),
                  })
                  .execute()
              }
              const link = (index: number) =>
                db
                  .updateTable('portal_links')
                  .set({
                    group_id: given.groups[index] ? groups.get(given.groups[index])! : null,
                    permissions: toPermissions(given.onLinks[index]!, given.onLinks[index]!),
                  })
                  .where('portal_user_id', '=', who.id)
                  .where('customer_id', '=', customers[index]!)
                  .execute()
              for (const index of customers.keys()) await link(index)
              await db
                .updateTable('permission_groups')
                .set({ permissions: JSON.stringify({ viewJobs: given.onCustom, viewTickets: given.onCustom }) })
                .where('id', '=', groups.get('custom')!)
                .execute()
              await db
                .updateTable('portal_users')
                .set({ status: given.status, permissions: toPermissions(given.onUser, given.ticketsOnUser) })
                .where('account_id', '=', shop.id)
                .where('id', '=', who.id)
                .execute()
              await db
                .updateTable('portal_settings')
                .set({
                  hide_jobs_of_other_templates: given.hides,
                  enabled: given.enabled,
                  switches: JSON.stringify({ viewJobs: given.isOffered, viewTickets: given.offersTickets }),
                })
                .where('account_id', '=', shop.id)
                .execute()
              await db.updateTable('accounts').set({ status: given.account }).where('id', '=', shop.id).execute()
              await db.updateTable('customers').set({ status: 'active' }).where('account_id', '=', shop.id).execute()
              if (given.archived)
                await db
                  .updateTable('customers')
                  .set({ status: 'archived' })
                  .where('account_id', '=', shop.id)
                  .where('id', '=', given.archived)
                  .execute()
            })
            const caller = {
              addresses: { portal: given.address === 'own' ? shop.slug : 'nobody-here' },
              personToken: null,
              ...NO_MORE_OF_A_CALLER,
              portalTokens:
                given.token === 'none'
                  ? {}
                  : {
                      [shop.id.slice(-12)]:
                        given.token === 'own'
                          ? who.cookies.get(`portico_portal_${shop.id.slice(-12)}`)!
                          : 'A'.repeat(43),
                    },
            }
            await expectEqualReach(client, 'portal', caller, home.clock.now())
          },
        ),
        { numRuns: 150 },
      )
    } finally {
      await close()
    }
  })

  it('C4 reading updates when a session was last seen, at most once a minute', async () => {
    const shop = await home.business()
    const who = await shop.portalUser({ customers: [await shop.customer()] })
    const seen = () =>
      home.stored((db) =>
        db
          .selectFrom('portal_sessions')
          .select('seen_at')
          .where('account_id', '=', shop.id)
          .where('subject_id', '=', who.id)
          .executeTakeFirstOrThrow(),
      )
    const before = (await seen()).seen_at
    await who.ok('listPortalJobs')
    expect((await seen()).seen_at).toEqual(before)
    home.clock.advance(61_000)
    await who.ok('listPortalJobs')
    expect((await seen()).seen_at).toEqual(home.clock.now())
  })
})

/** Nine times of ten the value that grants something: with chance alone, hardly a case would reach anything at all. */
const mostly = <T>(usual: T, ...others: T[]) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) })

/** A value of the permission to see jobs, at one level. */
const VALUE = fc.constantFrom(null, null, true, false)
const toPermissions = (viewJobs: boolean | null, viewTickets: boolean | null) =>
  viewJobs === null && viewTickets === null
    ? null
    : JSON.stringify({ ...(viewJobs !== null && { viewJobs }), ...(viewTickets !== null && { viewTickets }) })
