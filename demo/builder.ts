/** Collects the rows of one demo business. Jobs get their numbers in the order of their creation dates. */
import { fold } from '../src/platform/fold.ts'
import { newId } from '../src/platform/ids.ts'
import type { Field } from '../src/features/templates/fields/rules.ts'
import { DAY } from './calendar.ts'
import { addJobRows, type RowTarget } from './job-rows.ts'
import type { AddRows, DemoCustomer, DemoJob, DemoSite, DemoTemplate, Rows } from './model.ts'

export interface CustomerInput {
  name: string
  reference: string
  business?: boolean
  notes?: string
  since: Date
  billing?: { name: string; email: string }
  sites: { name?: string; address: string; at: [latitude: number, longitude: number] }[]
  contacts: { name: string; role?: string; email?: string; phone?: string }[]
}

export interface TemplateInput {
  key: string
  name: string
  description: string
  icon: string
  minutes: number
  versions: Field[][]
  position: number
  since: Date
  archived?: boolean
}

export type BusinessBuilder = ReturnType<typeof createBusinessBuilder>

export function createBusinessBuilder(account: string, now: Date) {
  const rows: Rows = {}
  const jobs: DemoJob[] = []
  const add: AddRows = (table, ...added) => {
    ;((rows[table] ??= []) as unknown as typeof added).push(...added)
  }
  const target: RowTarget = { account, now, add }
  return {
    account,
    now,
    add,
    addJob: (job: DemoJob) => {
      jobs.push(job)
    },
    addCustomer: (input: CustomerInput) => addCustomer(target, input),
    addTemplate: (input: TemplateInput) => addTemplate(target, input),
    /** All rows. `lastNumber` is the number of the newest job. */
    build(lastNumber: number): Rows {
      const ordered = jobs.toSorted((one, other) => one.created.getTime() - other.created.getTime())
      ordered.forEach((job, index) => addJobRows(target, job, lastNumber - ordered.length + 1 + index))
      add('counters', { account_id: account, kind: 'job', next: String(lastNumber + 1) })
      return rows
    },
  }
}

function addCustomer({ account, add }: RowTarget, input: CustomerInput): DemoCustomer {
  const { name, reference, business = false, notes = '', billing, sites, contacts, since } = input
  const id = newId()
  add('customers', {
    account_id: account,
    id,
    name,
    reference,
    notes,
    billing_name: billing?.name ?? null,
    billing_email: billing?.email ?? null,
    billing_address: billing ? (sites[0]?.address ?? null) : null,
    created_at: since,
    updated_at: since,
    search_text: fold(
      name,
      reference,
      ...contacts.flatMap((each) => [each.name, each.email, each.phone]),
      ...sites.flatMap((site) => [site.name, site.address]),
    ),
  })
  const columns = { account_id: account, customer_id: id, created_at: since, updated_at: since }
  contacts.forEach((contact, index) => addContact(add, columns, contact, index === 0))
  return { id, name, sites: sites.map((site) => addSite(add, columns, site)), business, portalUsers: [] }
}

interface CustomerColumns {
  account_id: string
  customer_id: string
  created_at: Date
  updated_at: Date
}

function addContact(
  add: AddRows,
  columns: CustomerColumns,
  { name, role, email, phone }: CustomerInput['contacts'][number],
  isPrimary: boolean,
): void {
  add('contacts', {
    ...columns,
    id: newId(),
    name,
    role: role ?? null,
    email: email ?? null,
    email_norm: email?.toLowerCase() ?? null,
    phone: phone ?? null,
    is_primary: isPrimary,
  })
}

function addSite(add: AddRows, columns: CustomerColumns, site: CustomerInput['sites'][number]): DemoSite {
  const [latitude, longitude] = site.at
  const id = newId()
  add('sites', { ...columns, id, name: site.name ?? null, address: site.address, latitude, longitude })
  return { id, address: site.address, latitude, longitude }
}

function addTemplate({ account, now, add }: RowTarget, input: TemplateInput): DemoTemplate {
  const { key, name, description, icon, minutes, versions, position, since, archived = false } = input
  const id = newId()
  add('templates', {
    account_id: account,
    id,
    name,
    description,
    icon,
    duration_minutes: minutes,
    position,
    status: archived ? 'archived' : 'active',
    version: versions.length,
    created_at: since,
    updated_at: since,
  })
  versions.forEach((fields, index) =>
    add('template_versions', {
      account_id: account,
      template_id: id,
      version: index + 1,
      fields: JSON.stringify(fields),
      created_at: index === 0 ? since : new Date(now.getTime() - 21 * DAY),
    }),
  )
  return { id, key, name, versions, minutes }
}
