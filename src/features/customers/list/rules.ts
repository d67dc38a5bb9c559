/** The exported lists of customers and of their contacts and sites. */
import type { ExportColumn } from '../../../platform/csv.ts'
import { toSheetTime } from '../../../platform/zone.ts'
import type { CustomerListRow } from './queries.ts'

export const customerColumns = (timeZone: string): ExportColumn<CustomerListRow>[] => [
  { heading: 'Name', cell: (row) => row.name },
  { heading: 'Reference', cell: (row) => row.reference },
  { heading: 'Contact', cell: (row) => row.contact?.name },
  { heading: 'Email', cell: (row) => row.contact?.email },
  { heading: 'Phone', cell: (row) => row.contact?.phone },
  { heading: 'Address', cell: (row) => row.address },
  { heading: 'Sites', cell: (row) => row.siteCount },
  { heading: 'Open jobs', cell: (row) => row.openJobs },
  { heading: 'Jobs', cell: (row) => row.jobs },
  { heading: 'Customer since', cell: (row) => toSheetTime(row.createdAt, timeZone) },
]

interface ContactExportRow {
  customer: Pick<CustomerListRow, 'id' | 'name' | 'reference'>
  contact: ExportedContact | undefined
  site: ExportedSite | undefined
}
type ExportedContact = { customer: string; name: string } & Record<'role' | 'email' | 'phone', string | null>
type ExportedSite = { customer: string; name: string | null; address: string } & Record<
  'latitude' | 'longitude',
  number | null
>

/** Each customer's first contact beside its first site, and so on. A customer without either has a row, too. */
export function contactRows(
  customers: readonly CustomerListRow[],
  contacts: readonly ExportedContact[],
  sites: readonly ExportedSite[],
): ContactExportRow[] {
  const contactsOf = Map.groupBy(contacts, ({ customer }) => customer)
  const sitesOf = Map.groupBy(sites, ({ customer }) => customer)
  return customers.flatMap((customer) => {
    const [own, places] = [contactsOf.get(customer.id) ?? [], sitesOf.get(customer.id) ?? []]
    const length = Math.max(own.length, places.length, 1)
    return Array.from({ length }, (_, index) => ({ customer, contact: own[index], site: places[index] }))
  })
}

/** What an import needs to bring the rows in again. A customer without a reference is recognized by its ID. */
export const CONTACT_COLUMNS: ExportColumn<ContactExportRow>[] = [
  { heading: 'Customer', cell: ({ customer }) => customer.name },
  { heading: 'Reference', cell: ({ customer }) => customer.reference },
  { heading: 'Customer ID', cell: ({ customer }) => customer.id },
  { heading: 'Contact', cell: ({ contact }) => contact?.name },
  { heading: 'Role', cell: ({ contact }) => contact?.role },
  { heading: 'Email', cell: ({ contact }) => contact?.email },
  { heading: 'Phone', cell: ({ contact }) => contact?.phone },
  { heading: 'Site', cell: ({ site }) => site?.name },
  { heading: 'Address', cell: ({ site }) => site?.address },
  { heading: 'Latitude', cell: ({ site }) => site?.latitude },
  { heading: 'Longitude', cell: ({ site }) => site?.longitude },
]
