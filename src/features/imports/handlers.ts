/**
 * Imports: a CSV file in, one transaction a chunk. What came in is known by its own reference, so an import that was cut
 * short is simply started again, and one that was whole changes nothing. Only one chunk is ever in memory.
 */
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { Insertable } from 'kysely'
import { parse } from 'csv-parse'
import { stringify } from 'csv-stringify/sync'
import type { History, Sites } from '../../../db/schema.gen.ts'
import { isId, newId } from '../../platform/ids.ts'
import { emailNorm, type Write } from '../../platform/operation.ts'
import { momentOf } from '../../platform/zone.ts'
import { contactsOf, foldCustomer, insertContact, insertCustomer, insertSite, sitesOf } from '../customers/queries.ts'
import { insertJobs, searchTexts, reserveJobNumbers } from '../jobs/queries.ts'
import { checkFieldValues, startingValues, type Field, type Values } from '../templates/rules.ts'
import { findTemplate, insertTemplate, replaceTemplate } from '../templates/queries.ts'
import {
  accountBySlug,
  customersBy,
  insertHistory,
  insertSites,
  jobsThere,
  lockImports,
  placeKey,
  sitesAt,
  templatesBy,
  type ImportTemplate,
} from './queries.ts'
import {
  columnsOf,
  fieldIdOf,
  neutral,
  readCustomer,
  readCustomerChoice,
  readJob,
  readMapping,
  type CustomerIn,
  type ImportKind,
  type JobIn,
  type Mapping,
  type Read,
  type Reason,
  type Verdict,
} from './rules.ts'

export interface ImportOptions {
  kind: ImportKind
  file: string
  /** Slug. */
  account: string
  /** A mapping as JSON or as a list of pairs. */
  map: string
  /** Jobs: whose they are, unless a column says so. */
  customer?: string | undefined
  dryRun?: boolean
  /** Rows in one transaction. */
  chunk?: number
  /** Where refused rows go, with their reasons. */
  rejects?: string | undefined
  /** One transaction past account isolation. */
  transact<T>(work: (db: Write) => Promise<T>): Promise<T>
  now(): Date
  /** Words under `imports.<key>`. */
  say(key: string, vars?: Record<string, string | number>): string
  /** Every row's verdict of a dry run, as CSV lines. */
  verdict(line: string): void
  /** After every chunk. */
  progress(counts: Counts): void
}

export type Counts = Record<Verdict, number> & { rows: number }

interface Line {
  number: number
  cells: string[]
}
interface Judged {
  verdict: Verdict
  reference: string
  reasons: Reason[]
}

type Refuse = (reasons: Reason[]) => never

/** The file or the mapping cannot be read. Chunks before that point are in; the same command goes on from there. */
export class ImportRefused extends Error {}

/** Runs a whole import. Rows that are refused stop nothing; what is wrong with the file or the mapping throws ImportRefused. */
export async function importFile(options: ImportOptions): Promise<Counts> {
  const { kind, file, say, transact, rejects, dryRun = false, chunk = 200 } = options
  const refuse: Refuse = (reasons) => {
    throw new ImportRefused(reasons.map(({ code, vars }) => say(`reasons.${code}`, vars)).join('\n'))
  }
  if (rejects !== undefined && rejects === file) refuse([{ code: 'rejectsSame' }])
  let mapping: Mapping
  try {
    mapping = readMapping(kind, options.map)
  } catch (reasons) {
    if (!Array.isArray(reasons)) throw reasons
    return refuse(reasons as Reason[])
  }
  const account = await transact((db) => accountBySlug(db, options.account))
  if (!account) return refuse([{ code: 'account', vars: { slug: options.account } }])

  const counts: Counts = { rows: 0, new: 0, added: 0, there: 0, rejected: 0 }
  const zone = mapping.timeZone ?? account.timeZone
  const moment = (local: { day: string; time: string }) => momentOf(local, zone)
  const lines = linesOf(file, refuse)
  const { value: first } = await lines.next()
  const header = (first?.cells ?? []).map((name) => name.trim())
  refuseHeader(header, mapping, refuse)
  const owner = kind === 'jobs' ? await jobOwner(options, account.id, mapping, refuse) : null
  const judge =
    kind === 'jobs'
      ? jobJudge({ account: account.id, mapping, owner, now: options.now, dryRun })
      : customerJudge({ account: account.id, now: options.now, dryRun })
  const refused = rejects === undefined || dryRun ? null : refusedRows(rejects, header)
  if (dryRun) options.verdict(stringify([['row', 'reference', 'verdict', 'reasons']]).trimEnd())

  const settle = async (batch: Line[]) => {
    const read = batch.map((line): Read<JobIn> | Read<CustomerIn> => {
      if (line.cells.length !== header.length)
        return {
          row: null,
          reference: '',
          reasons: [{ code: 'cells', vars: { count: line.cells.length, expected: header.length } }],
        }
      const record = new Map(header.map((name, index) => [name, line.cells[index]!]))
      return kind === 'jobs' ? readJob(record, mapping, moment) : readCustomer(record, mapping)
    })
    const judged = await transact(async (db) => {
      await lockImports(db, account.id)
      return judge(db, read as never)
    })
    for (const [index, { verdict, reference, reasons }] of judged.entries()) {
      const why = reasons.map(({ code, vars }) => say(`reasons.${code}`, vars)).join('; ')
      const { number, cells } = batch[index]!
      counts.rows += 1
      counts[verdict] += 1
      if (dryRun)
        options.verdict(
          stringify([[String(number), reference, say(`verdicts.${verdict}`), why].map(neutral)]).trimEnd(),
        )
      if (verdict === 'rejected') await refused?.add(number, why, cells)
    }
    options.progress(counts)
  }

  let batch: Line[] = []
  try {
    for await (const line of lines) {
      batch.push(line)
      if (batch.length >= chunk) {
        await settle(batch)
        batch = []
      }
    }
    if (batch.length > 0) await settle(batch)
  } finally {
    await refused?.close()
  }
  return counts
}

function refuseHeader(header: string[], mapping: Mapping, refuse: Refuse): void {
  const twice = header.filter((name, index) => header.indexOf(name) !== index)
  const missing = columnsOf(mapping).filter((name) => !header.includes(name))
  const reasons: Reason[] = [
    ...(header.length === 0 ? [{ code: 'noHeader' }] : []),
    ...(twice.length > 0 ? [{ code: 'columnTwice', vars: { columns: twice.join(', ') } }] : []),
    ...(missing.length > 0
      ? [{ code: 'columnMissing', vars: { columns: missing.join(', '), there: header.join(', ') } }]
      : []),
  ]
  if (reasons.length > 0) refuse(reasons)
}

// ---- the file ----

/** The rows of a CSV file, the header first. The separator is the one its first line uses most; text must be UTF-8. */
async function* linesOf(file: string, refuse: Refuse): AsyncGenerator<Line, undefined> {
  const text = utf8Of(file, refuse)
  const { value: start, done } = await text.next()
  if (done) return undefined
  const firstLine = start.split(/[\r\n]/, 1)[0]!
  const delimiter = [',', ';', '\t', '|'].toSorted(
    (one, other) => firstLine.split(other).length - firstLine.split(one).length,
  )[0]!
  const source = Readable.from(
    (async function* () {
      yield start
      yield* text
    })(),
    { objectMode: false, encoding: 'utf8' },
  )
  // A quote inside a cell (6" pipe) is text; one that opens a cell and is never closed ends the reading.
  let read = 0
  const parser = source.pipe(
    parse({
      delimiter,
      bom: true,
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: true,
      info: true,
      max_record_size: 1_000_000,
      on_record: (record: string[], { lines }) => {
        read = lines
        return record
      },
    }),
  )
  source.on('error', (error) => parser.destroy(error))
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>)
      yield { number: info.lines, cells: record }
  } catch (error) {
    if (/^CSV_/.test((error as { code?: string }).code ?? '')) refuse([{ code: 'quote', vars: { row: read } }])
    throw error
  }
  return undefined
}

async function* utf8Of(file: string, refuse: Refuse): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const part of createReadStream(file, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
      const text = decoder.decode(part, { stream: true })
      if (text !== '') yield text
    }
    const rest = decoder.decode()
    if (rest !== '') yield rest
  } catch (error) {
    if (error instanceof TypeError) refuse([{ code: 'notText', vars: { file } }])
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') refuse([{ code: 'noFile', vars: { file } }])
    throw error
  }
  return undefined
}

/** Refused rows as they came, after their number and the reasons; made with the first of them. */
function refusedRows(file: string, header: string[]) {
  let out: WriteStream | null = null
  const write = async (cells: string[]) => {
    if (!out!.write(stringify([cells.map(neutral)]))) await once(out!, 'drain')
  }
  return {
    async add(number: number, why: string, cells: string[]) {
      if (!out) {
        out = createWriteStream(file)
        await write(['row', 'reasons', ...header])
      }
      await write([String(number), why, ...cells])
    },
    async close() {
      if (!out) return
      out.end()
      await finished(out)
    },
  }
}

// ---- jobs ----

/** The customer all rows belong to; made when it is named with a reference that nobody has (E-16). Null: a column says it, or a dry run would make it. */
async function jobOwner(
  { customer, transact, now, dryRun }: ImportOptions,
  account: string,
  mapping: Mapping,
  refuse: Refuse,
): Promise<string | null> {
  if (customer === undefined) return mapping.columns.customer ? null : refuse([{ code: 'customerNeeded' }])
  if (mapping.columns.customer) return refuse([{ code: 'customerTwice' }])
  const { key, name } = readCustomerChoice(customer)
  if (key === '' || key.length > 60 || (name?.length ?? 0) > 200)
    return refuse([{ code: 'customerUnknown', vars: { key } }])
  return transact(async (db) => {
    await lockImports(db, account)
    const found = (await customersBy(db, account, isId(key) ? 'id' : 'reference', [key])).get(key)
    if (found) return found
    if (name === null || isId(key)) return refuse([{ code: 'customerUnknown', vars: { key } }])
    const id = newId()
    if (!dryRun) await insertCustomer(db, { account, customer: id }, { name, reference: key }, now())
    return id
  })
}

type Judge<T> = (db: Write, read: Read<T>[]) => Promise<Judged[]>

function jobJudge({
  account,
  mapping,
  owner,
  now,
  dryRun,
}: {
  account: string
  mapping: Mapping
  owner: string | null
  now: () => Date
  dryRun: boolean
}): Judge<JobIn> {
  // A dry run writes nothing that a later chunk could find again, so it remembers.
  const dry = new Set<string>()
  return async (db, read) => {
    const rows = read.flatMap(({ row }) => (row ? [row] : []))
    const references = rows.map((row) => row.reference)
    const [there, customers, templates] = await Promise.all([
      jobsThere(db, account, references),
      customersBy(db, account, 'reference', [...new Set(rows.flatMap((row) => row.customer ?? []))]),
      templatesBy(db, account, [...new Set(rows.map((row) => row.template))]),
    ])
    for (const reference of dry) there.add(reference)

    const taken: { job: JobIn; customer: string; template: ImportTemplate; values: Values }[] = []
    const judged = read.map((each): Judged => {
      if (!each.row) return { verdict: 'rejected', reference: each.reference, reasons: each.reasons }
      const { row } = each
      if (there.has(row.reference)) return { verdict: 'there', reference: row.reference, reasons: [] }
      const reasons: Reason[] = []
      const customer = owner ?? customers.get(row.customer ?? '')
      if (!customer)
        reasons.push(
          row.customer
            ? { code: 'customerOfRow', vars: { key: row.customer } }
            : { code: 'needed', vars: { meaning: 'customer' } },
        )
      const template = templates.get(row.template) ?? {
        id: '',
        name: row.template,
        version: 0,
        minutes: null,
        fields: [],
      }
      const fields = [...template.fields, ...lacking(template.fields, mapping)]
      const { values, problems } = checkFieldValues(
        fields,
        cellsAsAnswers(fields, row),
        'office',
        startingValues(fields),
      )
      for (const [id, { code }] of Object.entries(problems))
        reasons.push({
          code: 'fieldValue',
          vars: { field: fields.find((field) => field.id === id)?.name ?? id, why: code },
        })
      if (reasons.length > 0) return { verdict: 'rejected', reference: row.reference, reasons }
      there.add(row.reference)
      templates.set(row.template, template)
      taken.push({ job: row, customer: customer!, template, values })
      return { verdict: 'new', reference: row.reference, reasons: [] }
    })
    if (dryRun) for (const { job } of taken) dry.add(job.reference)
    else if (taken.length > 0) await writeJobs(db, account, mapping, taken, now())
    return judged
  }
}

/** Fields that the mapping names and the template lacks. */
const lacking = (fields: readonly Field[], mapping: Mapping): Field[] =>
  Object.keys(mapping.fields)
    .filter((name) => !fields.some((field) => field.name === name || field.id === fieldIdOf(name)))
    .map((name) => ({ id: fieldIdOf(name), name, type: 'text', portal: 'hidden', worker: 'readOnly' }))

const cellsAsAnswers = (fields: readonly Field[], row: JobIn): Record<string, string> =>
  Object.fromEntries(
    Object.entries(row.fields).map(([name, value]) => [
      (fields.find((field) => field.name === name) ?? fields.find((field) => field.id === fieldIdOf(name)))!.id,
      value,
    ]),
  )

async function writeJobs(
  db: Write,
  account: string,
  mapping: Mapping,
  taken: { job: JobIn; customer: string; template: ImportTemplate; values: Values }[],
  now: Date,
): Promise<void> {
  for (const template of new Set(taken.map((each) => each.template)))
    await makeTemplateFit(db, account, mapping, template, now)

  const places = taken.flatMap(({ job, customer }) => (job.address ? [{ customer, address: job.address }] : []))
  const sites = await sitesAt(db, account, places)
  const added: Insertable<Sites>[] = []
  for (const {
    job: { address, latitude, longitude },
    customer,
  } of taken) {
    if (!address || sites.has(placeKey({ customer, address }))) continue
    const id = newId()
    sites.set(placeKey({ customer, address }), id)
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

  const history: Insertable<History>[] = []
  const firstNumber = await reserveJobNumbers(db, account, taken.length)
  await insertJobs(
    db,
    taken.map(({ job, customer, template, values }, index) => {
      const { times, status, address } = job
      const id = newId()
      const canceled = status === 'canceled'
      const told = (event: string, details: object) =>
        history.push({
          account_id: account,
          id: newId(),
          parent_kind: 'job',
          parent_id: id,
          customer_id: customer,
          audience: 'internal',
          event,
          to_status: event === 'imported' ? status : null,
          details: JSON.stringify(details),
          actor_kind: 'system',
          created_at: now,
        })
      told('imported', { reference: job.reference })
      // A canceled job has no times; what they were stays in its history (E-51).
      const lost = canceled
        ? {
            ...(times.scheduledAt && { scheduledAt: times.scheduledAt.toISOString() }),
            ...(times.startedAt && { startedAt: times.startedAt.toISOString() }),
          }
        : {}
      if (Object.keys(lost).length > 0) told('timesRemoved', lost)
      const row = {
        account_id: account,
        id,
        number: firstNumber + index,
        customer_id: customer,
        site_id: address ? sites.get(placeKey({ customer, address }))! : null,
        address,
        latitude: job.latitude,
        longitude: job.longitude,
        template_id: template.id,
        template_version: template.version,
        title: job.title ?? template.name,
        created_by_kind: 'system',
        status,
        requested_at: times.requestedAt,
        scheduled_at: canceled ? null : times.scheduledAt,
        duration_minutes: job.durationMinutes ?? template.minutes,
        started_at: canceled ? null : times.startedAt,
        completed_at: status === 'completed' ? times.closedAt : null,
        canceled_at: canceled ? times.closedAt : null,
        fields: values,
        tags: job.tags,
        external_reference: job.reference,
        created_at: times.createdAt ?? now,
        updated_at: times.updatedAt ?? times.closedAt ?? times.createdAt ?? now,
      }
      return { ...row, ...searchTexts(row, template.fields) }
    }),
  )
  await insertHistory(db, history)
  for (const customer of new Set(added.map((site) => site.customer_id))) await foldCustomer(db, { account, customer })
}

/** Makes the template, or its next version with the fields it lacks; afterwards `template` is what the database holds. */
async function makeTemplateFit(
  db: Write,
  account: string,
  mapping: Mapping,
  template: ImportTemplate,
  now: Date,
): Promise<void> {
  const more = lacking(template.fields, mapping)
  const made = template.id === ''
  if (!made && more.length === 0) return
  template.fields = [...template.fields, ...more]
  if (made) {
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
  } else {
    // Whatever the business made of its looks meanwhile stays.
    const kept = (await findTemplate(db, { account, template: template.id }))!
    await replaceTemplate(
      db,
      { account, template: template.id },
      template.version,
      { ...kept, fields: template.fields },
      now,
    )
    template.version += 1
  }
}

// ---- customers ----

function customerJudge({
  account,
  now,
  dryRun,
}: {
  account: string
  now: () => Date
  dryRun: boolean
}): Judge<CustomerIn> {
  const dry = new Map<string, Set<string>>()
  return async (db, read) => {
    const there = await customersBy(db, account, 'reference', [
      ...new Set(read.flatMap(({ row }) => row?.reference ?? [])),
    ])
    const judged: Judged[] = []
    for (const each of read) {
      if (!each.row) {
        judged.push({ verdict: 'rejected', reference: each.reference, reasons: each.reasons })
        continue
      }
      const { row } = each
      const found = there.get(row.reference)
      let verdict: Verdict
      if (dryRun) verdict = await foresee(db, account, dry, row, found)
      else if (found) verdict = await complete(db, account, found, row, now())
      else {
        const id = newId()
        await insertCustomer(
          db,
          { account, customer: id },
          {
            name: row.name,
            reference: row.reference,
            ...(row.notes && { notes: row.notes }),
            billing: row.billing,
            contacts: row.contact ? [{ ...row.contact, id: newId() }] : [],
            sites: row.site ? [{ ...row.site, id: newId() }] : [],
          },
          now(),
        )
        there.set(row.reference, id)
        verdict = 'new'
      }
      judged.push({ verdict, reference: row.reference, reasons: [] })
    }
    return judged
  }
}

const samePerson = (one: { name: string; email: string | null }, other: { name: string; email: string | null }) =>
  one.email && other.email ? emailNorm(one.email) === emailNorm(other.email) : one.name === other.name

/** A contact or site that the customer lacks comes with a further row of the same reference; nothing that is there is changed. */
async function complete(
  db: Write,
  account: string,
  customer: string,
  { contact, site }: CustomerIn,
  now: Date,
): Promise<Verdict> {
  const key = { account, customer }
  let added = false
  if (contact && !(await contactsOf(db, key)).some((each) => samePerson(each, contact))) {
    await insertContact(db, key, newId(), contact, now)
    added = true
  }
  if (site && !(await sitesOf(db, key)).some((each) => each.address === site.address)) {
    await insertSite(db, key, newId(), site, now)
    added = true
  }
  if (added) await foldCustomer(db, key)
  return added ? 'added' : 'there'
}

/** What `complete` would say, from what is stored and from what earlier rows of this dry run would have stored. */
async function foresee(
  db: Write,
  account: string,
  dry: Map<string, Set<string>>,
  { reference, contact, site }: CustomerIn,
  found: string | undefined,
): Promise<Verdict> {
  const parts = [
    ...(contact ? [`contact ${contact.email ? emailNorm(contact.email) : contact.name}`] : []),
    ...(site ? [`site ${site.address}`] : []),
  ]
  const seen = dry.get(reference)
  if (!found && !seen) {
    dry.set(reference, new Set(parts))
    return 'new'
  }
  const key = found ? { account, customer: found } : null
  const [contacts, sites] = key ? await Promise.all([contactsOf(db, key), sitesOf(db, key)]) : [[], []]
  const lacks = parts
    .filter((part) => !seen?.has(part))
    .filter((part) =>
      part.startsWith('site ')
        ? !sites.some((each) => each.address === site!.address)
        : !contacts.some((each) => samePerson(each, contact!)),
    )
  dry.set(reference, new Set([...(seen ?? []), ...parts]))
  return lacks.length > 0 ? 'added' : 'there'
}
