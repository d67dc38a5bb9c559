import type { Api } from '../../../web/api.ts'
import { displayStatusOf, type DisplayStatus, type UserStatus } from '../../portal-users/rules.ts'

export type Customer = Awaited<ReturnType<Api['getCustomer']>>
export type Contact = Customer['contacts'][number]
export type PortalUser = NonNullable<Customer['office']>['portalUsers'][number]
export type Groups = Awaited<ReturnType<Api['listPermissionGroups']>>['rows']

/** Whether one of the customer's portal users is this contact, or has the same email. */
export const isPortalUser = (customer: Pick<Customer, 'office'>, contact: Pick<Contact, 'id' | 'email'>): boolean =>
  (customer.office?.portalUsers ?? []).some(
    (user) => user.contact === contact.id || user.email.toLowerCase() === contact.email?.toLowerCase(),
  )

/** Whether portal users may be added to the customer now. */
export const canAddPortalUsers = (customer: Pick<Customer, 'office' | 'can'>): boolean =>
  customer.can.edit && customer.office?.portalEnabled === true

/** Whether the contact can be invited to the portal: it has an email, and nobody has a login as this contact yet. */
export const isInvitable = (customer: Pick<Customer, 'office' | 'can'>, contact: Contact): boolean =>
  canAddPortalUsers(customer) &&
  contact.status === 'active' &&
  contact.email !== null &&
  !isPortalUser(customer, contact)

/**
 * The primary contact, when the first login of the customer goes to somebody else: from then on nobody enters by the secure
 * link alone, also not the one who used it.
 */
export function primaryToInvite(customer: Pick<Customer, 'office' | 'contacts'>): Contact | undefined {
  if (customer.office?.portalUsers.length !== 0) return undefined
  return customer.contacts.find((contact) => contact.isPrimary && contact.email !== null)
}

/** The status as the list of portal users shows it. */
export const displayStatusOfUser = ({ status }: Pick<PortalUser, 'status'>): DisplayStatus =>
  status === 'disabled' ? 'disabled' : displayStatusOf(status as UserStatus, false)
