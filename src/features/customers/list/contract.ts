/** The filters and orders of the list of customers, and the list as a file. */
import { z } from 'zod'
import { operation } from '../../../platform/operation.ts'
import { empty, search } from '../../../platform/schema.ts'
import { CUSTOMER_SORTS } from '../rules.ts'
import { activity } from '../contacts/contract.ts'

export const customerFilters = {
  search: search(),
  status: activity.default('active').describe('Only customers of this status.'),
  sort: z
    .enum(CUSTOMER_SORTS)
    .default('name')
    .describe('By name, creation or number of jobs; with `-` in descending order.'),
}

const download = { method: 'GET', audience: ['staff'], output: empty(), download: ['text/csv'] } as const
const rest = 'in one file, with all pages. At most 20,000 rows; the name of a file that leaves out rows says so.'

export const customerExports = {
  exportCustomers: operation({
    ...download,
    path: '/office/{account}/customers.csv',
    summary: 'Export customers as CSV',
    description: `The same list ${rest}`,
    query: z.strictObject(customerFilters),
  }),
  exportContacts: operation({
    ...download,
    path: '/office/{account}/contacts.csv',
    summary: 'Export contacts as CSV',
    description: `Contacts and sites of the customers on the list, one of each in a row, ${rest} It can be imported again.`,
    query: z.strictObject(customerFilters),
  }),
}
