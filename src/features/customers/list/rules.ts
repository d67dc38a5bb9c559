/** The exported list of customers. */
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
