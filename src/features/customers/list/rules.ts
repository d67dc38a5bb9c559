/** The exported list of customers. */
import type { CustomerListRow } from './queries.ts'

export const EXPORT_COLUMNS = [
  'Name',
  'Reference',
  'Contact',
  'Email',
  'Phone',
  'Address',
  'Sites',
  'Open jobs',
  'Jobs',
  'Customer since',
]

export const exportCells = (row: CustomerListRow) => [
  row.name,
  row.reference,
  row.contact?.name,
  row.contact?.email,
  row.contact?.phone,
  row.address,
  row.siteCount,
  row.openJobs,
  row.jobs,
  row.createdAt.toISOString(),
]
