/**
 * Customers: who the business works for, with their contacts (people) and sites (places). Names may repeat, and nothing
 * is ever matched by a typed name (E-16). `version` covers the record with its contacts and sites.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import {
  count,
  cursor,
  email,
  flag,
  id,
  limit,
  line,
  moment,
  named,
  page,
  phone,
  recordId,
  seenVersion,
  text,
} from '../../platform/schema.ts'
import {
  activity,
  added,
  changed,
  clearable,
  contact,
  customerVersion,
  newContact,
  contacts,
  customerParams,
  writing,
} from './contacts/contract.ts'
import { customerExports, customerFilters } from './list/contract.ts'
import { groupRef } from '../portal-users/access/contract.ts'
import { portalUserActions } from '../portal-users/contract.ts'
import { jobsOfCustomer } from './related/contract.ts'
import { merging } from './merging/contract.ts'
import { address, newSite, site, sites } from './sites/contract.ts'

declareProblems({
  customerChanged: [409, 'Someone else changed the customer since the `version` you sent. Read it again.'],
  customerArchived: [409, 'The customer is archived. Restore it first.'],
  customerMerged: [409, 'The customer was merged into another one.'],
  customerHasOpenJobs: [409, 'The customer has open jobs. Complete or cancel them first.'],
  contactIsLinked: [409, 'Portal users are this contact. Confirm with `portalUsers=suspend`.'],
})

// ---- input ----
const billingInput = z
  .strictObject({
    name: clearable(line(120)).describe('Name on invoices.'),
    email: clearable(email()).describe('Email address for invoices.'),
    phone: clearable(phone()).describe('Phone number.'),
    address: clearable(address()).describe('Billing address.'),
  })
  .meta({ id: 'BillingInput', description: 'Billing details. What you leave out stays; null clears a value.' })
const customerInput = {
  name: line(200).describe('Name of the person or company.'),
  reference: clearable(line(60)).describe("The business's own number for the customer; unique in the account."),
  notes: text(10_000).optional().describe('Internal notes; workers and customers never see them.'),
  billing: billingInput.optional(),
}

// ---- answers ----

const row = z
  .object({
    id: recordId(),
    name: z.string().describe('Name of the person or company.'),
    reference: z.string().nullable().describe("The business's own number for the customer."),
    status: activity,
    contact: contact.omit({ isPrimary: true, role: true, status: true }).nullable().describe('Primary contact.'),
    address: z.string().nullable().describe('Address of the first site.'),
    siteCount: count('Number of active sites.'),
    openJobs: count('Number of open jobs.'),
    jobs: count('Number of jobs.'),
    createdAt: moment().describe('When the customer was created.'),
  })
  .meta({ id: 'CustomerRow', description: 'A customer in a list.' })

/** What only the office sees: null for a worker. */
const officeView = z
  .object({
    notes: z.string().describe('Internal notes.'),
    billing: z
      .object({
        name: z.string().nullable().describe('Name on invoices.'),
        email: z.string().nullable().describe('Email address for invoices.'),
        phone: z.string().nullable().describe('Phone number.'),
        address: z.string().nullable().describe('Billing address.'),
      })
      .describe('Billing details.'),
    portalUsers: z
      .array(
        z.object({
          id: recordId(),
          link: recordId(),
          name: z.string().nullable().describe('Full name.'),
          email: z.string().describe('Email address.'),
          status: z.string().describe('Status of the portal user.'),
          group: groupRef.describe('Group that the link follows.'),
          ownGroup: flag('Whether the link names the group.'),
          customers: count('Number of customers that they act for.'),
          scope: z.enum(['whole', 'contact']).describe('Whether they act for the whole customer or for one contact.'),
          contact: z.string().nullable().describe('ID of that contact.'),
          lastSignInAt: moment().nullable().describe('When they last signed in.'),
          can: portalUserActions,
        }),
      )
      .describe('Portal users who act for the customer.'),
    failedEmails: z
      .array(
        z.object({
          contact: z.string().describe('ID of the contact.'),
          at: moment().describe('When it was written.'),
          result: z.string().nullable().describe('What the mail server answered.'),
        }),
      )
      .describe('The newest email to a contact, where it failed within 30 days.'),
    portalEnabled: flag('Whether the portal is on.'),
    mergedInto: named().nullable().describe('The customer that goes on.'),
    mergedFrom: z.array(named()).describe('Customers that were merged into this one.'),
    fromPortal: flag('Whether a first booking in the portal created the customer.'),
    /** Nothing is merged automatically (E-24). */
    alike: z
      .array(z.object({ ...named().shape, reference: z.string().nullable().describe('Its reference.') }))
      .describe('If the portal created the customer: others with the same email address.'),
  })
  .nullable()
  .describe('Details for owners, admins and dispatchers; null for a worker.')
const customer = z
  .object({
    id: recordId(),
    name: z.string().describe('Name of the person or company.'),
    reference: z.string().nullable().describe("The business's own number for the customer."),
    status: activity,
    version: customerVersion().describe('Grows with each change. Send it back when you edit the customer.'),
    createdAt: moment().describe('When the customer was created.'),
    contacts: z.array(contact).describe('People of the customer, the primary contact first, archived ones last.'),
    sites: z.array(site).describe('Places of the customer, archived ones included.'),
    jobs: jobsOfCustomer,
    office: officeView,
    archiveBlockedBy: z.enum(['openJobs']).nullable().describe('Why the customer cannot be archived now.'),
    can: z
      .object({
        edit: flag('Update the customer.'),
        archive: flag('Archive the customer.'),
        restore: flag('Restore the customer.'),
        merge: flag('Merge the customer into another.'),
        book: flag('Create jobs for the customer.'),
      })
      .describe('What you may do now.'),
  })
  .meta({ id: 'Customer', description: 'A customer as staff see it.' })

const exampleRow = {
  id: '019ac000-0000-7000-8000-000000000010',
  name: 'Rosa Martin',
  reference: 'C-204',
  status: 'active',
  contact: {
    id: '019ac000-0000-7000-8000-000000000012',
    name: 'Rosa Martin',
    email: 'rosa@example.com',
    phone: '+44 23 9200 0000',
  },
  address: '14 Quay Street, Portsmouth',
  siteCount: 1,
  openJobs: 1,
  jobs: 4,
  createdAt: '2026-03-02T10:00:00.000Z',
}

const recordOperations = {
  listCustomers: operation({
    method: 'GET',
    path: '/office/{account}/customers',
    audience: ['staff'],
    summary: 'List customers',
    description: 'Customers that match the search, with the number of each status. Workers see those of their jobs.',
    query: z.strictObject({ ...customerFilters, cursor: cursor(), limit: limit() }),
    output: z.object({
      ...page(row),
      counts: z
        .object({ active: count('Active customers.'), archived: count('Archived customers.') })
        .describe('How many match the search; at most 10,000 are counted.'),
      can: z.object({ create: flag('Create customers.'), export: flag('Export customers.') }).describe('Your rights.'),
    }),
    example: {
      answer: {
        rows: [exampleRow],
        next: null,
        previous: null,
        counts: { active: 1, archived: 0 },
        can: { create: true, export: true },
      },
    },
  }),
  ...customerExports,
  getCustomer: operation({
    method: 'GET',
    path: '/office/{account}/customers/{customer}',
    audience: ['staff'],
    summary: 'Get a customer',
    description: 'The customer with contacts, sites, newest jobs and portal users.',
    params: customerParams,
    output: customer,
  }),
  createCustomer: operation({
    ...writing,
    method: 'POST',
    path: '/office/{account}/customers',
    checksInput: true,
    summary: 'Create a customer',
    description: 'Creates a customer, with a first contact and site if you send them.',
    body: z.strictObject({
      ...customerInput,
      contact: newContact().optional().describe('First contact.'),
      site: newSite().optional().describe('First site.'),
    }),
    output: added,
    creates: true,
    example: {
      body: {
        name: 'Rosa Martin',
        contact: { name: 'Rosa Martin', email: 'rosa@example.com' },
        site: { address: '14 Quay Street, Portsmouth' },
      },
      answer: { id: exampleRow.id, version: 1 },
    },
  }),
  updateCustomer: operation({
    ...writing,
    method: 'PATCH',
    path: '/office/{account}/customers/{customer}',
    checksInput: true,
    summary: 'Update a customer',
    description: 'Changes what you send; null clears a value.',
    params: customerParams,
    body: z.strictObject({ version: seenVersion(), ...z.strictObject(customerInput).partial().shape }),
    output: changed,
    problems: ['customerChanged', 'customerArchived'],
  }),
  archiveCustomer: operation({
    ...writing,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/archive',
    summary: 'Archive a customer',
    description: 'Its portal users no longer see it. Refused while the customer has open jobs.',
    params: customerParams,
    output: changed,
    problems: ['customerHasOpenJobs'],
  }),
  restoreCustomer: operation({
    ...writing,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/restore',
    summary: 'Restore a customer',
    description: 'Makes an archived customer active again.',
    params: customerParams,
    output: changed,
    problems: ['customerMerged'],
  }),
  copyBillingContact: operation({
    ...writing,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/copy-billing',
    summary: 'Copy a contact to the billing details',
    description: 'Copies name, email and phone of a contact, and the address of a site if you send one.',
    params: customerParams,
    body: z.strictObject({
      version: seenVersion(),
      contact: id().describe('Contact to copy.'),
      site: id().optional().describe('Site whose address to copy.'),
    }),
    output: changed,
    problems: ['customerChanged', 'customerArchived'],
  }),
}

export const customers = contract(
  { name: 'Customers', description: 'Customers of the business, with their contacts and sites.' },
  { ...recordOperations, ...contacts, ...sites, ...merging },
)
