/** Imports rows of customers: new ones with what the row says, existing ones with the contacts and sites they lack. */
import { newId } from '../../../platform/ids.ts'
import { emailNorm, type Write } from '../../../platform/operation.ts'
import { listContacts, insertContact } from '../../customers/contacts/queries.ts'
import { updateSearchText, insertCustomer } from '../../customers/queries.ts'
import { insertSite, listSites } from '../../customers/sites/queries.ts'
import { findCustomerIds } from '../queries.ts'
import { rejectRow, type ParsedRow, type RowOutcome, type RowResult } from '../rules.ts'
import type { ImportedCustomer } from './rules.ts'

interface CustomerImport {
  account: string
  now: () => Date
  dryRun: boolean
}

export function createCustomerImporter({ account, now, dryRun }: CustomerImport) {
  // A dry run stores nothing that a later row could find again, so it remembers what it would have stored.
  const previewed = new Map<string, Set<string>>()
  return async (db: Write, rows: readonly ParsedRow<ImportedCustomer>[]): Promise<RowResult[]> => {
    const references = new Set(rows.flatMap(({ row }) => row?.reference ?? []))
    const existing = await findCustomerIds(db, account, 'reference', [...references])
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
    contacts: row.contact ? [{ ...row.contact, id: newId() }] : [],
    sites: row.site ? [{ ...row.site, id: newId() }] : [],
  }
  await insertCustomer(db, { account, customer: id }, customer, now)
  return id
}

interface Person {
  name: string
  email: string | null
}
const isSamePerson = (a: Person, b: Person) =>
  a.email && b.email ? emailNorm(a.email) === emailNorm(b.email) : a.name === b.name

/** Adds the contact and the site of the row if the customer lacks them. Nothing existing is changed. */
async function addMissingParts(
  db: Write,
  account: string,
  customer: string,
  { contact, site }: ImportedCustomer,
  now: Date,
): Promise<RowOutcome> {
  const key = { account, customer }
  let added = false
  if (contact && !(await listContacts(db, key)).some((existing) => isSamePerson(existing, contact))) {
    await insertContact(db, key, newId(), contact, now)
    added = true
  }
  if (site && !(await listSites(db, key)).some((existing) => existing.address === site.address)) {
    await insertSite(db, key, newId(), site, now)
    added = true
  }
  if (added) await updateSearchText(db, key)
  return added ? 'added' : 'existing'
}

/** The outcome that an import would have, given what is stored and what earlier rows of this dry run would have stored. */
async function previewRow(
  db: Write,
  account: string,
  previewed: Map<string, Set<string>>,
  { reference, contact, site }: ImportedCustomer,
  customer: string | undefined,
): Promise<RowOutcome> {
  const contactPart = contact && `contact ${contact.email ? emailNorm(contact.email) : contact.name}`
  const sitePart = site && `site ${site.address}`
  const parts = [contactPart, sitePart].filter((part) => part !== null)
  const earlier = previewed.get(reference)
  previewed.set(reference, new Set([...(earlier ?? []), ...parts]))
  if (!customer && !earlier) return 'new'

  const key = customer ? { account, customer } : null
  const [contacts, sites] = key ? await Promise.all([listContacts(db, key), listSites(db, key)]) : [[], []]
  const isNewContact =
    contact && !earlier?.has(contactPart!) && !contacts.some((existing) => isSamePerson(existing, contact))
  const isNewSite = site && !earlier?.has(sitePart!) && !sites.some((existing) => existing.address === site.address)
  return isNewContact || isNewSite ? 'added' : 'existing'
}
