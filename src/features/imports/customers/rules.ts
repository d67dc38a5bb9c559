/** A row of a file of customers. */
import { customers } from '../../customers/contract.ts'
import {
  createCellReader,
  readCoordinates,
  readLine,
  readReference,
  type CellReader,
  type CsvRecord,
} from '../cells/rules.ts'
import type { Mapping, ParsedRow, Reason } from '../rules.ts'

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
    reference: readReference(reader, 60),
    name: readLine(reader, 'name', 200, { required: true }) ?? '',
    notes: readNotes(reader),
    site: readSite(reader),
    contact: readContact(reader),
    billing: {
      name: readLine(reader, 'billingName', 120),
      email: readLine(reader, 'billingEmail', 254),
      phone: readLine(reader, 'billingPhone', 40),
      address: readLine(reader, 'billingAddress', 500),
    },
  }
  const { reasons } = reader
  const known = new Set(reasons.map(({ vars }) => vars?.meaning))
  reasons.push(...findFormRefusals(row).filter(({ vars }) => !known.has(vars?.meaning)))
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
    email: readLine(reader, 'contactEmail', 254),
    phone: readLine(reader, 'contactPhone', 40),
  }
  if (name) return { name, ...contact }
  if (contact.role || contact.email || contact.phone)
    reader.reasons.push({ code: 'needed', vars: { meaning: 'contactName' } })
  return null
}

/** Properties of the mapping whose names differ from those of the form. */
const MEANING_OF: Record<string, string> = {
  'billing.name': 'billingName',
  'billing.email': 'billingEmail',
  'billing.phone': 'billingPhone',
  'billing.address': 'billingAddress',
  'contact.name': 'contactName',
  'contact.role': 'contactRole',
  'contact.email': 'contactEmail',
  'contact.phone': 'contactPhone',
  'site.name': 'siteName',
  'site.address': 'address',
  'site.latitude': 'latitude',
  'site.longitude': 'longitude',
}

/** What the form for a new customer would refuse: what comes in by a file can be saved again by a form. */
function findFormRefusals({ site, contact, ...customer }: ImportedCustomer): Reason[] {
  const form = { ...customer, notes: customer.notes ?? '', ...(contact && { contact }), ...(site && { site }) }
  const { error } = customers.createCustomer.body!.safeParse(form)
  return (error?.issues ?? []).map(({ path, message }) => {
    const name = path.join('.')
    const value = path.reduce<unknown>((part, key) => (part as Record<PropertyKey, unknown> | null)?.[key], form)
    const vars = { meaning: MEANING_OF[name] ?? name, value: String(value ?? '').slice(0, 80) }
    return { code: message === 'email' || message === 'phone' ? message : 'value', vars }
  })
}
