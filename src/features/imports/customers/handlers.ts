/** Imports rows of customers: new ones with what the row says, existing ones with the contacts and sites they lack. */
import { createHash } from 'node:crypto'
import { newId } from '../../../platform/ids.ts'
import { emailNorm } from '../../../platform/email-address.ts'
import { type Write } from '../../../platform/operation.ts'
import { listContacts, insertContact } from '../../customers/contacts/queries.ts'
import { updateSearchText, insertCustomer } from '../../customers/queries.ts'
import { insertSite, listSites } from '../../customers/sites/queries.ts'
import { findCustomerIds } from '../queries.ts'
import { collapseSpaces } from '../cells/rules.ts'
import { rejectRow, type ParsedRow, type RowOutcome, type RowResult } from '../rules.ts'
import type { ImportedContact, ImportedCustomer } from './rules.ts'

interface CustomerImport {
  account: string
  now: () => Date
  dryRun: boolean
}

export function createCustomerImporter({ account, now, dryRun }: CustomerImport) {
  // A dry run stores nothing that a later row could find again, so it remembers what it would have stored.
  const previewed = new Map<string, Parts>()
  return async (db: Write, rows: readonly ParsedRow<ImportedCustomer>[]): Promise<RowResult[]> => {
    const references = new Set(rows.flatMap(({ row }) => row?.reference ?? []))
    const existing = await findCustomerIds(db, account, [...references])
    const importRow = async (row: ImportedCustomer): Promise<RowOutcome> => {
      const customer = existing.get(row.reference)
      if (dryRun) return previewRow(db, account, previewed, row, customer)
      if (customer) return addMissingParts(db, account, customer, row, now())
      existing.set(row.reference, await createImportedCustomer(db, account, row, now()))
      return 'new'
    }
    const results: RowResult[] = []
    for (const { row, reference, reasons } of rows.map(withReference))
      results.push(row ? { outcome: await importRow(row), reference, reasons: [] } : rejectRow(reference, reasons))
    return results
  }
}

/**
 * A reference for a row of a file without any. A second run makes the same one: of the name with the first email, phone or
 * address that the row has.
 */
export function makeReference({ name, contacts, sites }: ImportedCustomer): string {
  const email = contacts.find((contact) => contact.email)?.email
  const detail = (email && emailNorm(email)) ?? contacts.find(({ phone }) => phone)?.phone ?? sites[0]?.address ?? ''
  return `import-${createHash('sha256')
    .update(JSON.stringify([name, detail]))
    .digest('hex')
    .slice(0, 12)}`
}

const withReference = (parsed: ParsedRow<ImportedCustomer>) => ({
  ...parsed,
  reference: parsed.row ? parsed.row.reference : parsed.reference,
})

async function createImportedCustomer(db: Write, account: string, row: ImportedCustomer, now: Date): Promise<string> {
  const id = newId()
  const customer = {
    name: row.name,
    reference: row.reference,
    ...(row.notes && { notes: row.notes }),
    billing: row.billing,
    contacts: row.contacts.map((contact) => ({ ...contact, id: newId() })),
    sites: row.sites.map((site) => ({ ...site, id: newId() })),
  }
  await insertCustomer(db, { account, customer: id }, customer, now)
  return id
}

type Person = Pick<ImportedContact, 'name' | 'email' | 'phone'>

/** By email; where one has none, by name, unless both have a phone and they differ. */
function isSamePerson(a: Person, b: Person): boolean {
  if (a.email && b.email) return emailNorm(a.email) === emailNorm(b.email)
  return a.name === b.name && (!a.phone || !b.phone || a.phone === b.phone)
}

/** Addresses are imported on one line. */
const isSameAddress = (a: string, b: string) => collapseSpaces(a) === collapseSpaces(b)

/** What a customer has, stored or by earlier rows of a dry run. */
interface Parts {
  contacts: Person[]
  addresses: string[]
}

/** Contacts and sites of the row that the customer lacks. */
function findMissing({ contacts, sites }: ImportedCustomer, present: Parts) {
  return {
    contacts: contacts.filter((contact) => !present.contacts.some((each) => isSamePerson(each, contact))),
    sites: sites.filter(({ address }) => !present.addresses.some((each) => isSameAddress(each, address))),
  }
}

async function loadParts(db: Write, key: { account: string; customer: string }): Promise<Parts> {
  const [contacts, sites] = await Promise.all([listContacts(db, key), listSites(db, key)])
  return { contacts, addresses: sites.map(({ address }) => address) }
}

/** Adds the contacts and sites of the row that the customer lacks. Nothing existing is changed. */
async function addMissingParts(
  db: Write,
  account: string,
  customer: string,
  row: ImportedCustomer,
  now: Date,
): Promise<RowOutcome> {
  const key = { account, customer }
  const { contacts, sites } = findMissing(row, await loadParts(db, key))
  for (const contact of contacts) await insertContact(db, key, newId(), contact, now)
  for (const site of sites) await insertSite(db, key, newId(), site, now)
  if (contacts.length + sites.length === 0) return 'existing'
  await updateSearchText(db, key)
  return 'added'
}

/** The outcome that an import would have, given what is stored and what earlier rows of this dry run would have stored. */
async function previewRow(
  db: Write,
  account: string,
  previewed: Map<string, Parts>,
  row: ImportedCustomer,
  customer: string | undefined,
): Promise<RowOutcome> {
  const earlier = previewed.get(row.reference)
  const stored = customer ? await loadParts(db, { account, customer }) : { contacts: [], addresses: [] }
  const present = {
    contacts: [...stored.contacts, ...(earlier?.contacts ?? [])],
    addresses: [...stored.addresses, ...(earlier?.addresses ?? [])],
  }
  const { contacts, sites } = findMissing(row, present)
  const addresses = sites.map(({ address }) => address)
  previewed.set(row.reference, {
    contacts: [...(earlier?.contacts ?? []), ...contacts],
    addresses: [...(earlier?.addresses ?? []), ...addresses],
  })
  if (!customer && !earlier) return 'new'
  return contacts.length + sites.length > 0 ? 'added' : 'existing'
}
