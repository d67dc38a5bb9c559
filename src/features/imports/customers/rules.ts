/** A row of a file of customers. */
import { customers } from '../../customers/contract.ts'
import {
  createCellReader,
  readCoordinates,
  readLine,
  readReference,
  readValues,
  refusalsOf,
  type CellReader,
  type CsvRecord,
} from '../cells/rules.ts'
import type { Mapping, ParsedRow, Reason } from '../rules.ts'

export interface ImportedCustomer {
  reference: string
  name: string
  notes: string | null
  billing: { name: string | null; email: string | null; phone: string | null; address: string | null }
  sites: ImportedSite[]
  contacts: ImportedContact[]
}
export interface ImportedSite {
  name: string | null
  address: string
  latitude: number | null
  longitude: number | null
}
export interface ImportedContact {
  name: string
  role: string | null
  email: string | null
  phone: string | null
}

/**
 * A row is a customer, mostly with one contact and one site. A second address, email or phone in one cell makes a further
 * site or contact, and so do further rows of the same reference. The reference is empty when no column is mapped to it.
 */
export function parseCustomerRow(record: CsvRecord, mapping: Mapping): ParsedRow<ImportedCustomer> {
  const reader = createCellReader(record, mapping)
  const row: ImportedCustomer = {
    reference: mapping.columns.reference ? readReference(reader, 60) : '',
    name: readLine(reader, 'name', 200, { required: true }) ?? '',
    notes: readNotes(reader),
    sites: readSites(reader),
    contacts: readContacts(reader),
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
  return reasons.length > 0 ? { row: null, reasons, reference: row.reference } : { row: asTyped(row), reasons: [] }
}

function readNotes({ cell, reasons }: CellReader): string | null {
  const notes = cell('notes')
  if (notes.length > 5_000) reasons.push({ code: 'tooLong', vars: { meaning: 'notes', max: 5_000 } })
  return notes || null
}

function readSites(reader: CellReader): ImportedSite[] {
  const addresses = readValues(reader, 'address', { kind: 'address', max: 500 })
  const site = { name: readLine(reader, 'siteName', 120), ...readCoordinates(reader) }
  if (addresses.length === 0 && (site.name || site.latitude !== null))
    reader.reasons.push({ code: 'needed', vars: { meaning: 'address' } })
  // Name and coordinates are those of the first.
  return addresses.map((address, index) =>
    index === 0 ? { ...site, address } : { name: null, latitude: null, longitude: null, address },
  )
}

function readContacts(reader: CellReader): ImportedContact[] {
  const name = readLine(reader, 'contactName', 120)
  const role = readLine(reader, 'contactRole', 120)
  const emails = readValues(reader, 'contactEmail', { kind: 'email', max: 254 })
  const phones = readValues(reader, 'contactPhone', { kind: 'phone', max: 40 })
  const count = Math.max(emails.length, phones.length)
  if (name)
    return Array.from({ length: count || 1 }, (_, index) => ({
      name,
      role,
      email: emails[index] ?? null,
      phone: phones[index] ?? null,
    }))
  if (role || count > 0) reader.reasons.push({ code: 'needed', vars: { meaning: 'contactName' } })
  return []
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

const { body: customerForm } = customers.createCustomer

/** What the form for a new customer would refuse: what comes in by a file can be saved again by a form. */
function findFormRefusals(row: ImportedCustomer): Reason[] {
  const reasons = formsOf(row).flatMap((form) => refusalsOf(customerForm!, form, MEANING_OF))
  return [...new Map(reasons.map((reason) => [JSON.stringify(reason), reason])).values()]
}

/** The row as the form understands it, such as a phone without its `tel:`. */
function asTyped(row: ImportedCustomer): ImportedCustomer {
  const forms = formsOf(row).map((form) => customerForm!.parse(form))
  return {
    ...row,
    name: forms[0]!.name,
    billing: { ...row.billing, ...forms[0]!.billing },
    sites: row.sites.map((site, index) => ({ ...site, ...forms[index]!.site })),
    contacts: row.contacts.map((contact, index) => ({ ...contact, ...forms[index]!.contact })),
  }
}

/** The forms that bring the row: the customer with each of its contacts and sites. */
const formsOf = ({ sites, contacts, reference, ...customer }: ImportedCustomer) =>
  Array.from({ length: Math.max(sites.length, contacts.length, 1) }, (_, index) => ({
    ...customer,
    notes: customer.notes ?? '',
    ...(reference && { reference }),
    ...(contacts[index] && { contact: contacts[index] }),
    ...(sites[index] && { site: sites[index] }),
  }))
