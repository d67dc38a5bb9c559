/** Contacts: the people of a customer. One of them is the primary contact. */
import { z } from 'zod'
import { operation } from '../../../platform/operation.ts'
import { email, flag, id, line, phone, recordId, seenVersion } from '../../../platform/schema.ts'
import { CUSTOMER_STATUSES } from '../rules.ts'

export const activity = z
  .enum(CUSTOMER_STATUSES)
  .meta({ id: 'Activity', description: 'Whether the record is in use or archived.' })

/** Null clears it; left out it stays. */
export const clearable = <T extends z.ZodType>(part: T) => part.nullable().optional()

const contactInput = {
  name: line(120).describe('Full name.'),
  role: clearable(line(120)).describe('Role, such as Tenant.'),
  email: clearable(email()).describe('Email address.'),
  phone: clearable(phone()).describe('Phone number.'),
  /** Setting it clears it for the others. The first contact has it in any case. */
  isPrimary: z.boolean().optional().describe('Make this the primary contact in place of the present one.'),
}
const contactInputRecord = z
  .strictObject(contactInput)
  .meta({ id: 'ContactInput', description: 'A contact as you write it.' })
export const newContact = () => contactInputRecord
export const contact = z
  .object({
    id: recordId(),
    name: z.string().describe('Full name.'),
    role: z.string().nullable().describe('Role, such as Tenant.'),
    email: z.string().nullable().describe('Email address.'),
    phone: z.string().nullable().describe('Phone number.'),
    isPrimary: flag('Whether this is the primary contact.'),
    status: activity,
  })
  .meta({ id: 'Contact', description: 'A person of a customer.' })

export const customerParams = z.strictObject({ customer: id().describe('ID of the customer.') })
const contactParams = z.strictObject({ ...customerParams.shape, contact: id().describe('ID of the contact.') })
/** The customer's version covers the record with its contacts and sites. */
export const customerVersion = () => z.int32().min(1).describe('New version of the customer.')
export const changed = z
  .object({ version: customerVersion() })
  .meta({ id: 'CustomerVersion', description: 'The customer after the change.' })
export const added = z
  .object({ id: recordId(), version: customerVersion() })
  .meta({ id: 'AddedToCustomer', description: 'The new record.' })
export const writing = { audience: ['staff'], writes: true } as const

const suspending = z
  .enum(['suspend'])
  .optional()
  .describe('Confirms that portal users who are this contact are suspended.')

export const contacts = {
  addContact: operation({
    ...writing,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/contacts',
    summary: 'Add a contact',
    description: 'Adds a person to the customer. The first contact becomes the primary contact.',
    params: customerParams,
    body: newContact(),
    output: added,
    creates: true,
    problems: ['customerArchived'],
  }),
  updateContact: operation({
    ...writing,
    method: 'PATCH',
    path: '/office/{account}/customers/{customer}/contacts/{contact}',
    summary: 'Update a contact',
    description: 'Changes what you send; null clears a value.',
    params: contactParams,
    body: z.strictObject({ version: seenVersion(), ...z.strictObject(contactInput).partial().shape }),
    output: changed,
    problems: ['customerChanged', 'customerArchived'],
  }),
  removeContact: operation({
    ...writing,
    method: 'DELETE',
    path: '/office/{account}/customers/{customer}/contacts/{contact}',
    summary: 'Remove a contact',
    description: 'Portal users who are this contact are suspended. This must be confirmed.',
    params: contactParams,
    query: z.strictObject({ portalUsers: suspending }),
    output: changed,
    problems: ['contactIsLinked', 'customerArchived'],
  }),
  archiveContact: operation({
    ...writing,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/contacts/{contact}/archive',
    summary: 'Archive a contact',
    description: 'The contact stays on its tickets. Portal users who are this contact are suspended, once confirmed.',
    params: contactParams,
    body: z.strictObject({ portalUsers: suspending }),
    output: changed,
    problems: ['contactIsLinked', 'customerArchived'],
  }),
  restoreContact: operation({
    ...writing,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/contacts/{contact}/restore',
    summary: 'Restore a contact',
    description: 'Makes an archived contact active again. Its portal users stay suspended.',
    params: contactParams,
    output: changed,
    problems: ['customerArchived'],
  }),
  moveContact: operation({
    ...writing,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/contacts/{contact}/move',
    summary: 'Move a contact to another customer',
    description:
      'Tickets stay without the contact. Portal users who are this contact are suspended, once confirmed, and act for ' +
      'nobody until you attach them.',
    params: contactParams,
    body: z.strictObject({ to: id().describe('The other customer.'), portalUsers: suspending }),
    output: changed,
    problems: ['contactIsLinked', 'customerArchived'],
  }),
  mergeContact: operation({
    ...writing,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/contacts/{contact}/merge',
    summary: 'Merge a contact into another',
    description: 'Tickets and portal users go to the other contact of the customer; this one is deleted.',
    params: contactParams,
    body: z.strictObject({ into: id().describe('Contact that stays.') }),
    output: changed,
    problems: ['customerArchived', 'managersOnly'],
  }),
}
