/** Secure links, and browsers that came by one. Their customer has no portal user, and nothing of the others is theirs. */
import type { Caller } from './access.fixtures.ts'
import { createCustomerRecords } from './access-records.fixtures.ts'
import type { Business, TestServer } from './test-server.ts'

/** The link of a customer, or of one of its contacts. */
export async function createLink(shop: Business, customer: string, contact?: string): Promise<string> {
  return (await shop.owner.ok('createSecureLink', { customer, ...(contact && { contact }) })).id
}

export async function openLinks(
  server: TestServer,
  shop: Business,
  { template }: { template: string },
): Promise<Caller[]> {
  const { customer, contact } = await createCustomerRecords(server, shop, {
    word: 'canarylinked',
    template,
    worker: null,
  })
  const open = async (name: string, what: string, scope: string | undefined): Promise<Caller> => {
    const link = await createLink(shop, customer, scope)
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
  return [
    await open('customer link', 'came by the secure link of a third customer', undefined),
    await open('contact link', 'came by the secure link of a contact of a third customer', contact),
  ]
}
