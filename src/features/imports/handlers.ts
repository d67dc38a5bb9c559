/**
 * Imports a CSV file, one transaction per chunk. Rows are recognized by their own reference: an interrupted import is
 * started again, and a complete one changes nothing when repeated.
 */
import { createHash } from 'node:crypto'
import type { Write } from '../../platform/operation.ts'
import { momentOf } from '../../platform/zone.ts'
import type { CsvRecord } from './cells/rules.ts'
import { createRejectsWriter, csvLine, readCsv, type CsvRow } from './csv/handlers.ts'
import { createCustomerImporter, makeReference } from './customers/handlers.ts'
import { parseCustomerRow, type ImportedCustomer } from './customers/rules.ts'
import { createJobImporter, resolveJobOwner } from './jobs/handlers.ts'
import { parseJobRow, type ImportedJob, type ToMoment } from './jobs/rules.ts'
import { findImportAccount, lockImports } from './queries.ts'
import {
  cellsProblem,
  headerProblems,
  parseMapping,
  type ImportKind,
  type Mapping,
  type ParsedRow,
  type Reason,
  type RefuseImport,
  type RowOutcome,
  type RowResult,
} from './rules.ts'

export interface ImportOptions {
  kind: ImportKind
  file: string
  /** Slug. */
  account: string
  /** A mapping as JSON or as a list of pairs. */
  map: string
  /** Jobs: the customer of all rows, unless a column names it. */
  customer?: string | undefined
  dryRun?: boolean
  /** Rows in one transaction. */
  chunk?: number
  /** File for rejected rows with their reasons. */
  rejects?: string | undefined
  /** One transaction past account isolation. */
  transact<T>(work: (db: Write) => Promise<T>): Promise<T>
  now(): Date
  /** The text under `imports.<key>`. */
  translate(key: string, vars?: Record<string, string | number>): string
  /** Each row's outcome in a dry run, as CSV lines. */
  printOutcome(line: string): void
  /** Called after each chunk. */
  reportProgress(counts: ImportCounts): void
}

export type ImportCounts = Record<RowOutcome, number> & { rows: number }

const DEFAULT_CHUNK = 200

/** The file or the mapping cannot be read. Chunks before that point are stored; the same command continues from there. */
export class ImportRefused extends Error {}

/** Imports a whole file. Rejected rows do not stop it; a problem with the file or the mapping throws ImportRefused. */
export async function importFile(options: ImportOptions): Promise<ImportCounts> {
  const { file, rejects, dryRun = false, chunk = DEFAULT_CHUNK, transact, translate } = options
  const refuse: RefuseImport = (reasons) => {
    throw new ImportRefused(describeReasons(reasons, translate).join('\n'))
  }
  if (rejects !== undefined && rejects === file) refuse([{ code: 'rejectsSame' }])
  const mapping = parseMappingOrRefuse(options, refuse)
  const account = await transact((db) => findImportAccount(db, options.account))
  if (!account) return refuse([{ code: 'account', vars: { slug: options.account } }])

  const csvRows = readCsv(file, refuse)
  const { value: first } = await csvRows.next()
  const header = (first?.cells ?? []).map((name) => name.trim())
  const problems = headerProblems(header, mapping)
  if (problems.length > 0) refuse(problems)

  const zone = mapping.timeZone ?? account.timeZone
  const importChunk = await createChunkImporter(options, { account: account.id, zone, mapping, header, refuse })
  const rejectsWriter = rejects === undefined || dryRun ? null : createRejectsWriter(rejects, header)
  const counts: ImportCounts = { rows: 0, new: 0, added: 0, existing: 0, rejected: 0 }
  if (dryRun) options.printOutcome(csvLine(['row', 'reference', 'outcome', 'reasons']))
  try {
    for await (const rows of inChunks(csvRows, chunk)) {
      const results = await importChunk(rows)
      for (const [index, { outcome, reference, reasons }] of results.entries()) {
        const row = rows[index]!
        const why = describeReasons(reasons, translate).join('; ')
        counts.rows += 1
        counts[outcome] += 1
        if (dryRun)
          options.printOutcome(csvLine([String(row.number), reference, translate(`outcomes.${outcome}`), why]))
        if (outcome === 'rejected') await rejectsWriter?.add(row, why)
      }
      options.reportProgress(counts)
    }
  } finally {
    await rejectsWriter?.close()
  }
  return counts
}

const describeReasons = (reasons: readonly Reason[], translate: ImportOptions['translate']): string[] =>
  reasons.map(({ code, vars }) => translate(`reasons.${code}`, vars))

function parseMappingOrRefuse({ kind, map }: ImportOptions, refuse: RefuseImport): Mapping {
  try {
    return parseMapping(kind, map)
  } catch (reasons) {
    if (!Array.isArray(reasons)) throw reasons
    return refuse(reasons as Reason[])
  }
}

interface ChunkContext {
  account: string
  zone: string
  mapping: Mapping
  header: readonly string[]
  refuse: RefuseImport
}

/** Parses the rows of a chunk and imports them in one transaction. */
async function createChunkImporter(
  options: ImportOptions,
  context: ChunkContext,
): Promise<(rows: CsvRow[]) => Promise<RowResult[]>> {
  const { kind, transact, now, dryRun = false } = options
  const { account, zone, mapping, header, refuse } = context
  const inTransaction = (work: (db: Write) => Promise<RowResult[]>) =>
    transact(async (db) => {
      await lockImports(db, account)
      return work(db)
    })
  if (kind === 'customers') {
    // Further rows of a customer bring more contacts and sites.
    const refuseRepeated = createRepetitionCheck<ImportedCustomer>(({ name }) => name)
    const importCustomers = createCustomerImporter({ account, now, dryRun })
    return (rows) => {
      const parsed = refuseRepeated(
        rows,
        parseRows(rows, header, (record) => {
          const parsedRow = parseCustomerRow(record, mapping)
          if (parsedRow.row) parsedRow.row.reference ||= makeReference(parsedRow.row)
          return parsedRow
        }),
      )
      return inTransaction((db) => importCustomers(db, parsed))
    }
  }
  const owner = await resolveJobOwner({ ...options, dryRun }, account, mapping, refuse)
  const importJobs = createJobImporter({ account, mapping, owner, now, dryRun })
  const refuseRepeated = createRepetitionCheck<ImportedJob>((job) => JSON.stringify(job))
  const toMoment: ToMoment = (local) => momentOf(local, zone)
  return (rows) => {
    const parsed = refuseRepeated(
      rows,
      parseRows(rows, header, (record) => parseJobRow(record, mapping, toMoment)),
    )
    return inTransaction((db) => importJobs(db, parsed))
  }
}

function parseRows<T>(
  rows: readonly CsvRow[],
  header: readonly string[],
  parse: (record: CsvRecord) => ParsedRow<T>,
): ParsedRow<T>[] {
  return rows.map(({ cells }) => {
    const reason = cellsProblem(cells, header)
    if (reason) return { row: null, reference: '', reasons: [reason] }
    // Of columns with one heading the first counts; no mapping names such a column.
    return parse(new Map(header.map((name, index) => [name, cells[index] ?? ''] as const).reverse()))
  })
}

/**
 * Rejects rows whose reference came earlier in the file with other content: they would vanish as "unchanged".
 * @param contentOf what may not differ between two rows of one reference
 */
function createRepetitionCheck<T extends { reference: string }>(contentOf: (row: T) => string) {
  const earlier = new Map<string, { line: number; content: string }>()
  return (rows: readonly CsvRow[], parsed: ParsedRow<T>[]): ParsedRow<T>[] =>
    parsed.map((each, index) => {
      if (!each.row) return each
      const { reference } = each.row
      // A file may have a million rows.
      const content = createHash('sha256').update(contentOf(each.row)).digest('base64')
      const first = earlier.get(reference)
      if (!first) earlier.set(reference, { line: rows[index]!.number, content })
      if (!first || first.content === content) return each
      const vars = { reference, row: first.line, here: rows[index]!.number }
      return { row: null, reference, reasons: [{ code: 'referenceRepeated', vars }] }
    })
}

async function* inChunks<T>(rows: AsyncIterable<T>, size: number): AsyncGenerator<T[], void> {
  let chunk: T[] = []
  for await (const row of rows) {
    chunk.push(row)
    if (chunk.length < size) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}
