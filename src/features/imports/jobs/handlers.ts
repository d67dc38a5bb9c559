/** Imports rows of jobs, with the sites and templates they need. */
import type { Insertable } from 'kysely'
import type { Sites } from '../../../../db/schema.gen.ts'
import { isId, newId } from '../../../platform/ids.ts'
import type { Write } from '../../../platform/operation.ts'
import { updateSearchText, insertCustomer } from '../../customers/queries.ts'
import { insertJobs, reserveJobNumbers } from '../../jobs/queries.ts'
import { jobParent } from '../../jobs/rules.ts'
import { searchTexts } from '../../jobs/search/queries.ts'
import { addHistoryBatch } from '../../records/queries.ts'
import { systemStamp, type HistoryEntry } from '../../records/rules.ts'
import { findTemplate, insertTemplate, replaceTemplate } from '../../templates/queries.ts'
import { checkFieldValues } from '../../templates/answers/rules.ts'
import { getDefaultValues, type FieldValues } from '../../templates/fields/rules.ts'
import { templates } from '../../templates/contract.ts'
import { refusalsOf } from '../cells/rules.ts'
import { findCustomerIds, lockImports } from '../queries.ts'
import { rejectRow, type Mapping, type ParsedRow, type Reason, type RefuseImport, type RowResult } from '../rules.ts'
import {
  findImportedReferences,
  findImportTemplates,
  findSiteIds,
  insertSites,
  siteKey,
  type ImportTemplate,
} from './queries.ts'
import { cellsByField, missingFields, parseCustomerOption, type ImportedJob } from './rules.ts'

interface JobOwnerOptions {
  customer?: string | undefined
  dryRun: boolean
  transact<T>(work: (db: Write) => Promise<T>): Promise<T>
  now(): Date
}

/**
 * The customer of all rows, created when it is named with a reference that no customer has (E-16). Null: a column names
 * the customer of each row.
 */
export async function resolveJobOwner(
  { customer: option, transact, now, dryRun }: JobOwnerOptions,
  account: string,
  mapping: Mapping,
  refuse: RefuseImport,
): Promise<string | null> {
  if (option === undefined) return mapping.columns.customer ? null : refuse([{ code: 'customerNeeded' }])
  if (mapping.columns.customer) return refuse([{ code: 'customerTwice' }])
  const { key, name } = parseCustomerOption(option)
  const isTooLong = key.length > 60 || (name?.length ?? 0) > 200
  if (key === '' || isTooLong) return refuse([{ code: 'customerUnknown', vars: { key } }])
  return transact(async (db) => {
    await lockImports(db, account)
    const existing = (await findCustomerIds(db, account, [key])).get(key)
    if (existing) return existing
    if (name === null || isId(key)) return refuse([{ code: 'customerUnknown', vars: { key } }])
    const customer = newId()
    if (!dryRun) await insertCustomer(db, { account, customer }, { name, reference: key }, now())
    return customer
  })
}

interface JobImport {
  account: string
  mapping: Mapping
  /** The customer of all rows. */
  owner: string | null
  now: () => Date
  dryRun: boolean
}

interface AcceptedJob {
  job: ImportedJob
  customer: string
  template: ImportTemplate
  values: FieldValues
}

/** What the database holds for the rows of a chunk. */
interface StoredRecords {
  references: Set<string>
  customers: Map<string, string>
  templates: Map<string, ImportTemplate>
}

export function createJobImporter(settings: JobImport) {
  // A dry run stores nothing that a later chunk could find again, so it remembers the references.
  const previewed = new Set<string>()
  return async (db: Write, rows: readonly ParsedRow<ImportedJob>[]): Promise<RowResult[]> => {
    const stored = await loadStoredRecords(db, settings.account, rows)
    for (const reference of previewed) stored.references.add(reference)
    const accepted: AcceptedJob[] = []
    const results = rows.map((parsed): RowResult => {
      if (!parsed.row) return rejectRow(parsed.reference, parsed.reasons)
      const { reference } = parsed.row
      if (stored.references.has(reference)) return { outcome: 'existing', reference, reasons: [] }
      const { accept, reasons } = checkJob(parsed.row, stored, settings)
      if (!accept) return rejectRow(reference, reasons)
      stored.references.add(reference)
      stored.templates.set(parsed.row.template, accept.template)
      accepted.push(accept)
      return { outcome: 'new', reference, reasons: [] }
    })
    if (settings.dryRun) for (const { job } of accepted) previewed.add(job.reference)
    else if (accepted.length > 0) await writeJobs(db, settings, accepted)
    return results
  }
}

async function loadStoredRecords(
  db: Write,
  account: string,
  rows: readonly ParsedRow<ImportedJob>[],
): Promise<StoredRecords> {
  const jobs = rows.flatMap(({ row }) => (row ? [row] : []))
  const [references, customers, templates] = await Promise.all([
    findImportedReferences(
      db,
      account,
      jobs.map((job) => job.reference),
    ),
    findCustomerIds(db, account, [...new Set(jobs.flatMap((job) => job.customer ?? []))]),
    findImportTemplates(db, account, [...new Set(jobs.map((job) => job.template))]),
  ])
  return { references, customers, templates }
}

/** A row's customer, template and field values, or the reasons why it is rejected. */
function checkJob(
  job: ImportedJob,
  stored: StoredRecords,
  { owner, mapping }: JobImport,
): { accept: AcceptedJob | null; reasons: Reason[] } {
  const reasons: Reason[] = []
  const customer = owner ?? stored.customers.get(job.customer ?? '')
  if (!customer)
    reasons.push(
      job.customer
        ? { code: 'customerOfRow', vars: { key: job.customer } }
        : { code: 'needed', vars: { meaning: 'customer' } },
    )
  const template = stored.templates.get(job.template) ?? newTemplate(job.template)
  const fields = [...template.fields, ...missingFields(template.fields, mapping)]
  const { values, problems } = checkFieldValues(fields, cellsByField(fields, job), 'office', getDefaultValues(fields))
  for (const [id, { code }] of Object.entries(problems)) {
    const field = fields.find((each) => each.id === id)?.name ?? id
    reasons.push({ code: 'fieldValue', vars: { field, why: code } })
  }
  // A template that comes in can be saved again by its form.
  if (fields.length > template.fields.length || template.version === 0)
    reasons.push(...refusalsOf(templates.createTemplate.body!, { name: template.name, fields }, { name: 'template' }))
  const isAccepted = customer !== undefined && reasons.length === 0
  return { accept: isAccepted ? { job, customer, template, values } : null, reasons }
}

/** Without an id: stored with the first job that needs it. */
const newTemplate = (name: string): ImportTemplate => ({ id: '', name, version: 0, minutes: null, fields: [] })

async function writeJobs(db: Write, { account, mapping, now }: JobImport, accepted: AcceptedJob[]): Promise<void> {
  const at = now()
  for (const template of new Set(accepted.map((each) => each.template)))
    await ensureTemplate(db, account, mapping, template, at)
  const { sites, customersWithNewSites } = await ensureSites(db, account, accepted, at)
  const firstNumber = await reserveJobNumbers(db, account, accepted.length)
  const rows = accepted.map((each, index) => {
    const { job, customer, template } = each
    const id = newId()
    const row = jobRow(each, {
      account,
      id,
      number: firstNumber + index,
      site: job.address ? sites.get(siteKey({ customer, address: job.address }))! : null,
      now: at,
    })
    return { ...row, ...searchTexts(row, template.fields) }
  })
  await insertJobs(db, rows)
  const entries = accepted.flatMap(({ job }, index) =>
    historyEntries(job).map((entry) => ({ parent: jobParent(rows[index]!), entry })),
  )
  await addHistoryBatch(db, entries, systemStamp(at), newId)
  for (const customer of customersWithNewSites) await updateSearchText(db, { account, customer })
}

/** Adds the sites that the jobs' addresses need; ids of all of them by `siteKey`. */
async function ensureSites(db: Write, account: string, accepted: readonly AcceptedJob[], now: Date) {
  const addresses = accepted.flatMap(({ job, customer }) => (job.address ? [{ customer, address: job.address }] : []))
  const sites = await findSiteIds(db, account, addresses)
  const added: Insertable<Sites>[] = []
  for (const { job, customer } of accepted) {
    const { address, latitude, longitude } = job
    if (!address || sites.has(siteKey({ customer, address }))) continue
    const id = newId()
    sites.set(siteKey({ customer, address }), id)
    added.push({
      account_id: account,
      id,
      customer_id: customer,
      address,
      latitude,
      longitude,
      created_at: now,
      updated_at: now,
    })
  }
  await insertSites(db, added)
  return { sites, customersWithNewSites: new Set(added.map((site) => site.customer_id)) }
}

function jobRow(
  { job, customer, template, values }: AcceptedJob,
  { account, id, number, site, now }: { account: string; id: string; number: number; site: string | null; now: Date },
) {
  const { times, status } = job
  const isCanceled = status === 'canceled'
  return {
    account_id: account,
    id,
    number,
    customer_id: customer,
    site_id: site,
    address: job.address,
    latitude: job.latitude,
    longitude: job.longitude,
    template_id: template.id,
    template_version: template.version,
    title: job.title ?? template.name,
    created_by_kind: 'system',
    status,
    requested_at: times.requestedAt,
    scheduled_at: isCanceled ? null : times.scheduledAt,
    duration_minutes: job.durationMinutes ?? template.minutes,
    started_at: isCanceled ? null : times.startedAt,
    completed_at: status === 'completed' ? times.closedAt : null,
    canceled_at: isCanceled ? times.closedAt : null,
    fields: values,
    tags: job.tags,
    external_reference: job.reference,
    created_at: times.createdAt ?? now,
    updated_at: times.updatedAt ?? times.closedAt ?? times.createdAt ?? now,
  }
}

/** A canceled job has no times; what they were stays in its history (E-51). */
function historyEntries(job: ImportedJob): HistoryEntry[] {
  const { scheduledAt, startedAt } = job.times
  const clearedTimes = {
    ...(scheduledAt && { scheduledAt: scheduledAt.toISOString() }),
    ...(startedAt && { startedAt: startedAt.toISOString() }),
  }
  const imported: HistoryEntry = {
    event: 'imported',
    audience: 'internal',
    to: job.status,
    details: { reference: job.reference },
  }
  const hasClearedTimes = job.status === 'canceled' && Object.keys(clearedTimes).length > 0
  return hasClearedTimes
    ? [imported, { event: 'timesRemoved', audience: 'internal', details: clearedTimes }]
    : [imported]
}

/** Creates the template, or its next version with the fields it lacks. Afterwards `template` is what the database holds. */
async function ensureTemplate(
  db: Write,
  account: string,
  mapping: Mapping,
  template: ImportTemplate,
  now: Date,
): Promise<void> {
  const added = missingFields(template.fields, mapping)
  const isNew = template.id === ''
  if (!isNew && added.length === 0) return
  template.fields = [...template.fields, ...added]
  if (isNew) {
    template.id = newId()
    template.version = 1
    const content = {
      name: template.name,
      description: '',
      icon: 'clipboard-list' as const,
      durationMinutes: template.minutes,
      fields: template.fields,
    }
    await insertTemplate(db, { account, template: template.id }, content, { now, externalReference: template.name })
    return
  }
  // Changes that the business made to the template since the last import are kept.
  const key = { account, template: template.id }
  const current = (await findTemplate(db, key))!
  await replaceTemplate(db, key, template.version, { ...current, fields: template.fields }, now)
  template.version += 1
}
