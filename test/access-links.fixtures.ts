/** Secure links, and browsers that came by one. Their customer has no portal user, and nothing of the others is theirs. */
import type { Caller } from './access.fixtures.ts'
import { visitorPermissions, type VisitorPreset } from '../src/features/identity/rules.ts'
import { createCustomerRecords } from './access-records.fixtures.ts'
import type { Business, TestServer } from './test-server.ts'

/** The link of a customer, or of one of its contacts. */
export async function createLink(shop: Business, customer: string, contact?: string): Promise<string> {
  return (await shop.owner.ok('createSecureLink', { customer, ...(contact && { contact }) })).id
}

/** What visitors may do, in every account of the test. */
export const setVisitors = (server: Pick<TestServer, 'stored'>, preset: VisitorPreset) =>
  server.stored((db) =>
    db
      .updateTable('permission_groups')
      .set({ permissions: JSON.stringify(visitorPermissions(preset)) })
      .where('kind', '=', 'visitor')
      .execute(),
  )

export async function openLinks(
  server: TestServer,
  shop: Business,
  { template }: { template: string },
): Promise<Caller[]> {
  const { customer, contact, ticket } = await createCustomerRecords(server, shop, {
    word: 'canarylinked',
    template,
    worker: null,
  })
  const open = async (name: string, what: string, scope: object): Promise<Caller> => {
    const { id: link } = await shop.owner.ok('createSecureLink', { customer, ...scope })
    const { rows } = await shop.owner.ok('listSecureLinks', { customer })
    const person = shop.visitor()
    await person.ok('openSecureLink', {
      token: rows
        .find(({ id }) => id === link)!
        .url!.split('/')
        .at(-1)!,
    })
    return { name, what, kind: 'linkVisitor', person }
  }
  const minimal = await open('visitor minimal', 'the same, where visitors may only create tickets', {})
  return [
    await open('customer link', 'came by the secure link of a third customer', {}),
    { ...minimal, visitors: 'minimal' },
    await open('contact link', 'came by the secure link of a contact of a third customer', { contact }),
    await open('ticket link', 'came by the secure link of one ticket of a third customer', {
      record: { kind: 'ticket', id: ticket },
    }),
  ]
}
