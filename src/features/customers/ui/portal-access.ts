import type { Api } from '../../../web/api.ts'

type Customer = Awaited<ReturnType<Api['getCustomer']>>
type Contact = Pick<Customer['contacts'][number], 'id' | 'email'>

/** Whether one of the customer's portal users is this contact, or has the same email. */
export const isPortalUser = (customer: Pick<Customer, 'office'>, contact: Contact): boolean =>
  (customer.office?.portalUsers ?? []).some(
    (user) => user.contact === contact.id || user.email.toLowerCase() === contact.email?.toLowerCase(),
  )

/** Whether the contact can be invited to the portal: it has an email that no portal user of the customer has. */
export const isInvitable = (customer: Pick<Customer, 'office' | 'can'>, contact: Contact): boolean =>
  customer.can.edit &&
  customer.office?.portalEnabled === true &&
  contact.email !== null &&
  !isPortalUser(customer, contact)
