/**
 * Customers: who the business works for, with their contacts (people) and sites (places). Names may repeat, and nothing
 * is ever matched by a typed name (E-16). `version` covers the record and all that hangs on it.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import { cursor, email, id, line, moment, page, search, seenVersion, text } from '../../platform/schema.ts'
import { CUSTOMER_SORTS, CUSTOMER_STATUSES } from './rules.ts'

declareProblems({
  customerChanged: 409,
  customerArchived: 409,
  customerHasOpenJobs: 409,
  contactIsLinked: 409,
})

const status = z.enum(CUSTOMER_STATUSES)
const phone = () => line(40).regex(/^[+(]?[\d\s()./-]{3,}(?:\s*(?:x|ext\.?)\s*\d{1,6})?$/i, 'phone')
const address = () => text(500)
/** Given as null it is emptied, left out it stays. */
const cleared = <T extends z.ZodType>(part: T) => part.nullable().optional()

const contactIn = {
  name: line(120),
  role: cleared(line(120)),
  email: cleared(email()),
  phone: cleared(phone()),
  /** The one to ask first; making one so ends it for the others. The first contact is it in any case. */
  isPrimary: z.boolean().optional(),
}
const siteIn = {
  name: cleared(line(120)),
  address: address().pipe(z.string().min(1, 'required')),
  /** Degrees, WGS 84; both or neither. */
  latitude: cleared(z.number().min(-90).max(90)),
  longitude: cleared(z.number().min(-180).max(180)),
  /** What the worker must know at the door; staff only. */
  notes: cleared(text(1_000)),
}
const billingIn = z.strictObject({
  name: cleared(line(120)),
  email: cleared(email()),
  phone: cleared(phone()),
  address: cleared(address()),
})
const customerIn = {
  name: line(200),
  /** The business's own number for it; unique. */
  reference: cleared(line(60)),
  /** Internal; workers and customers never see it. */
  notes: text(10_000).optional(),
  billing: billingIn.optional(),
}
const version = seenVersion()

const contact = z.object({
  id: z.string(),
  name: z.string(),
  role: z.string().nullable(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  isPrimary: z.boolean(),
})
const site = z.object({
  id: z.string(),
  name: z.string().nullable(),
  address: z.string(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
  notes: z.string().nullable(),
  status,
})
const row = z.object({
  id: z.string(),
  name: z.string(),
  reference: z.string().nullable(),
  status,
  contact: contact.omit({ isPrimary: true, role: true }).nullable(),
  address: z.string().nullable(),
  siteCount: z.number(),
  openJobs: z.number(),
  jobs: z.number(),
  createdAt: moment(),
})

const one = z.strictObject({ customer: id() })
const oneContact = z.strictObject({ customer: id(), contact: id() })
const oneSite = z.strictObject({ customer: id(), site: id() })
const changed = z.object({ version })
const added = z.object({ id: z.string(), version })
const filters = { search: search(), status: status.default('active'), sort: z.enum(CUSTOMER_SORTS).default('name') }
const keeping = { audience: ['staff'], writes: true } as const

export const customers = contract('customers', {
  listCustomers: operation({
    method: 'GET',
    path: '/office/{account}/customers',
    audience: ['staff'],
    summary: 'Customers that match, with how many there are of each status; 50 a page',
    query: z.strictObject({ ...filters, cursor: cursor() }),
    output: z.object({
      ...page(row),
      counts: z.object({ active: z.number(), archived: z.number() }),
      can: z.object({ create: z.boolean(), export: z.boolean() }),
    }),
  }),
  exportCustomers: operation({
    method: 'GET',
    path: '/office/{account}/customers.csv',
    audience: ['staff'],
    summary: 'The same list as CSV, all pages of it',
    query: z.strictObject(filters),
    output: z.object({}),
    download: true,
  }),
  getCustomer: operation({
    method: 'GET',
    path: '/office/{account}/customers/{customer}',
    audience: ['staff'],
    summary: 'One customer with everything that hangs on it',
    params: one,
    output: z.object({
      id: z.string(),
      name: z.string(),
      reference: z.string().nullable(),
      status,
      version,
      createdAt: moment(),
      contacts: z.array(contact),
      sites: z.array(site),
      /** Of the jobs this caller may see; `newest` has ten at most. */
      jobs: z.object({
        open: z.number(),
        total: z.number(),
        newest: z.array(
          z.object({
            id: z.string(),
            number: z.number(),
            title: z.string(),
            status: z.string(),
            address: z.string().nullable(),
            createdAt: moment(),
            scheduledAt: moment().nullable(),
          }),
        ),
      }),
      /** What only the office sees: null for a worker. */
      office: z
        .object({
          notes: z.string(),
          billing: z.object({
            name: z.string().nullable(),
            email: z.string().nullable(),
            phone: z.string().nullable(),
            address: z.string().nullable(),
          }),
          portalUsers: z.array(
            z.object({
              id: z.string(),
              name: z.string().nullable(),
              email: z.string(),
              status: z.string(),
              scope: z.enum(['whole', 'contact']),
              contact: z.string().nullable(),
              lastSignInAt: moment().nullable(),
            }),
          ),
          /** Made by the portal at a first booking, not by staff. */
          fromPortal: z.boolean(),
          /** Of one made by the portal: others with the same email address, perhaps the same people. Nothing is merged by itself (E-24). */
          alike: z.array(z.object({ id: z.string(), name: z.string(), reference: z.string().nullable() })),
        })
        .nullable(),
      archiveBlockedBy: z.enum(['openJobs']).nullable(),
      can: z.object({ edit: z.boolean(), archive: z.boolean(), restore: z.boolean(), book: z.boolean() }),
    }),
  }),
  createCustomer: operation({
    ...keeping,
    method: 'POST',
    path: '/office/{account}/customers',
    summary: 'Make a customer, with its first contact and site where they are known',
    body: z.strictObject({
      ...customerIn,
      contact: z.strictObject(contactIn).optional(),
      site: z.strictObject(siteIn).optional(),
    }),
    output: added,
    creates: true,
  }),
  updateCustomer: operation({
    ...keeping,
    method: 'PATCH',
    path: '/office/{account}/customers/{customer}',
    summary: 'Change a customer as it was in `version`',
    params: one,
    body: z.strictObject({ version, ...z.strictObject(customerIn).partial().shape }),
    output: changed,
    problems: ['customerChanged', 'customerArchived'],
  }),
  archiveCustomer: operation({
    ...keeping,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/archive',
    summary: 'Put a customer away; its portal users lose sight of it',
    params: one,
    output: changed,
    problems: ['customerHasOpenJobs'],
  }),
  restoreCustomer: operation({
    ...keeping,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/restore',
    summary: 'Take an archived customer into use again',
    params: one,
    output: changed,
  }),
  copyBillingContact: operation({
    ...keeping,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/copy-billing',
    summary: 'Make a contact the billing contact, with the address of a site',
    params: one,
    body: z.strictObject({ version, contact: id(), site: id().optional() }),
    output: changed,
    problems: ['customerChanged', 'customerArchived'],
  }),

  addContact: operation({
    ...keeping,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/contacts',
    summary: 'Add a person to a customer',
    params: one,
    body: z.strictObject(contactIn),
    output: added,
    creates: true,
    problems: ['customerArchived'],
  }),
  updateContact: operation({
    ...keeping,
    method: 'PATCH',
    path: '/office/{account}/customers/{customer}/contacts/{contact}',
    summary: 'Change a person of a customer',
    params: oneContact,
    body: z.strictObject({ version, ...z.strictObject(contactIn).partial().shape }),
    output: changed,
    problems: ['customerChanged', 'customerArchived'],
  }),
  removeContact: operation({
    ...keeping,
    method: 'DELETE',
    path: '/office/{account}/customers/{customer}/contacts/{contact}',
    summary: 'Remove a person from a customer',
    params: oneContact,
    output: changed,
    problems: ['contactIsLinked', 'customerArchived'],
  }),
  addSite: operation({
    ...keeping,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/sites',
    summary: 'Add a place to a customer',
    params: one,
    body: z.strictObject(siteIn),
    output: added,
    creates: true,
    problems: ['customerArchived'],
  }),
  updateSite: operation({
    ...keeping,
    method: 'PATCH',
    path: '/office/{account}/customers/{customer}/sites/{site}',
    summary: 'Change a place of a customer; jobs made for it keep the address they were made with',
    params: oneSite,
    body: z.strictObject({ version, ...z.strictObject(siteIn).partial().shape }),
    output: changed,
    problems: ['customerChanged', 'customerArchived'],
  }),
  archiveSite: operation({
    ...keeping,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/sites/{site}/archive',
    summary: 'Take a place out of use; its jobs stay',
    params: oneSite,
    output: changed,
    problems: ['customerArchived'],
  }),
  restoreSite: operation({
    ...keeping,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/sites/{site}/restore',
    summary: 'Take a place into use again',
    params: oneSite,
    output: changed,
    problems: ['customerArchived'],
  }),
})
