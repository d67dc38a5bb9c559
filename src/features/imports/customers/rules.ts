/** A row of a file of customers. */
import {
  createCellReader,
  readCoordinates,
  readEmail,
  readLine,
  type CellReader,
  type CsvRecord,
} from '../cells/rules.ts'
import type { Mapping, ParsedRow } from '../rules.ts'

export interface ImportedCustomer {
  reference: string
  name: string
  notes: string | null
  billing: { name: string | null; email: string | null; phone: string | null; address: string | null }
  site: { name: string | null; address: string; latitude: number | null; longitude: number | null } | null
  contact: { name: string; role: string | null; email: string | null; phone: string | null } | null
}

/** A row is a customer with at most one contact and one site. Further rows of the same reference bring more of them. */
export function parseCustomerRow(record: CsvRecord, mapping: Mapping): ParsedRow<ImportedCustomer> {
  const reader = createCellReader(record, mapping)
  const row: ImportedCustomer = {
    reference: readLine(reader, 'reference', 60, { required: true }) ?? '',
    name: readLine(reader, 'name', 200, { required: true }) ?? '',
    notes: readNotes(reader),
    site: readSite(reader),
    contact: readContact(reader),
    billing: {
      name: readLine(reader, 'billingName', 200),
      email: readEmail(reader, 'billingEmail'),
      phone: readLine(reader, 'billingPhone', 40),
      address: readLine(reader, 'billingAddress', 500),
    },
  }
  const { reasons } = reader
  return reasons.length > 0 ? { row: null, reasons, reference: row.reference } : { row, reasons: [] }
}

function readNotes({ cell, reasons }: CellReader): string | null {
  const notes = cell('notes')
  if (notes.length > 5_000) reasons.push({ code: 'tooLong', vars: { meaning: 'notes', max: 5_000 } })
  return notes || null
}

function readSite(reader: CellReader): ImportedCustomer['site'] {
  const address = readLine(reader, 'address', 500)
  const site = { name: readLine(reader, 'siteName', 120), ...readCoordinates(reader) }
  if (address) return { ...site, address }
  if (site.name || site.latitude !== null) reader.reasons.push({ code: 'needed', vars: { meaning: 'address' } })
  return null
}

function readContact(reader: CellReader): ImportedCustomer['contact'] {
  const name = readLine(reader, 'contactName', 120)
  const contact = {
    role: readLine(reader, 'contactRole', 120),
    email: readEmail(reader, 'contactEmail'),
    phone: readLine(reader, 'contactPhone', 40),
  }
  if (name) return { name, ...contact }
  if (contact.role || contact.email || contact.phone)
    reader.reasons.push({ code: 'needed', vars: { meaning: 'contactName' } })
  return null
}
