/** What tests of merges share: two customers of one business, each with two contacts, a job and three tickets. */
import type { Person } from '../../../../test/test-server.ts'
import { createLinkWorld, type LinkWorld } from '../../secure-links/secure-links.fixtures.ts'

export async function createMergeWorld() {
  const world = await createLinkWorld()
  const quay = { ...(await createLinkWorld(world.shop)), shop: world.shop }
  const { owner } = world.shop
  await owner.ok('updateCustomer', { customer: quay.customer, version: 3, name: 'Quay Apartments' })
  const versionOf = async (customer: string) => (await owner.ok('getCustomer', { customer })).version
  return {
    world,
    quay,
    versionOf,
    /** Merges the first into the second. */
    merge: async (more: object = {}, person: Person = owner) => {
      const input = { customer: world.customer, version: await versionOf(world.customer), into: quay.customer }
      return person.call('mergeCustomer', { ...input, ...more })
    },
    getCustomer: (customer: string) => owner.ok('getCustomer', { customer }),
    /** A portal user who acts for these customers as a whole. */
    wholeOf: (...customers: LinkWorld[]) =>
      world.shop.portalUser({ name: 'Ruth Adeyemi', customers: customers.map(({ customer }) => customer) }),
  }
}

export type MergeWorld = Awaited<ReturnType<typeof createMergeWorld>>
