/** Finds inefficient query plans by rows read and indexes used, not by time. Shared by test/plans.test.ts and the report. */
import type { ExplainedCall, Explained, Scan } from './explain.ts'

/** Tables of a page or two, where a full scan is cheap. Every other table, including new ones, is assumed to grow. */
const SMALL_TABLES = new Set([
  'accounts',
  'account_slugs',
  'account_settings',
  'portal_settings',
  'permission_groups',
  'templates',
  'template_versions',
  'staff_members',
  'counters',
])
const isGrowingTable = ({ table }: Scan) => !SMALL_TABLES.has(table)

/** Rows any statement may read, for lookups that return one record or none. */
const ROWS_ALWAYS_ALLOWED = 60
/** Rows a statement may read for each row it returns. */
const ROWS_PER_RESULT = 20

/** Permission for a statement to read more rows, with the limit and the reason. */
export interface Allowance {
  operation?: RegExp
  what?: RegExp
  statement: RegExp
  rows: number
  reason: string
  wasUsed?: boolean
}

/** Indexes by name: their columns in order and the number of rows in the table. */
export type Indexes = ReadonlyMap<string, { kind: string; columns: string[]; rows: number }>
/** Below this many rows every index is good enough. */
const FEW_ROWS = 1_000

export const rowsReadBy = (statement: Explained): number =>
  statement.scans.filter(isGrowingTable).reduce((sum, scan) => sum + scan.rowsRead, 0)

/** Describes the plan faults of one call. With `seeks`, each index scan must constrain the index's first two columns. */
export function findPlanFaults(
  { operation, statements }: ExplainedCall,
  callDescription: string,
  { allowances, indexes, seeks }: { allowances: Allowance[]; indexes: Indexes; seeks: boolean },
): string[] {
  return statements.flatMap((statement) => {
    const describeFault = (text: string) =>
      `${operation} (${callDescription}): ${text} in ${statement.text.slice(0, 100)}`
    const sequentialScans = statement.scans
      .filter((scan) => isGrowingTable(scan) && scan.node === 'Seq Scan')
      .map((scan) => describeFault(`reads all of ${scan.table}`))
    const allowance = allowances.find(
      (each) =>
        (each.operation ?? /./).test(operation) &&
        (each.what ?? /./).test(callDescription) &&
        each.statement.test(statement.text),
    )
    const unselectiveScans =
      seeks && !allowance
        ? statement.scans
            .filter((scan) => isGrowingTable(scan) && scan.index && !isSelective(scan, indexes))
            .map((scan) => describeFault(`looks into ${scan.index} by ${scan.condition || 'nothing'}`))
        : []
    const read = rowsReadBy(statement)
    const limit = Math.max(ROWS_ALWAYS_ALLOWED, ROWS_PER_RESULT * statement.returned)
    if (read <= limit) return [...sequentialScans, ...unselectiveScans]
    if (allowance) allowance.wasUsed = true
    return [
      ...sequentialScans,
      ...unselectiveScans,
      ...(read > (allowance?.rows ?? limit) ? [describeFault(`reads ${read} rows for ${statement.returned}`)] : []),
    ]
  })
}

function isSelective({ index, condition }: Scan, indexes: Indexes): boolean {
  const isConstrained = (column: string) =>
    column.match(/\w+/g)!.some((word) => new RegExp(`\\b${word}\\b`).test(condition))
  return index.split(' + ').every((name) => {
    const found = indexes.get(name)
    if (!found) return false
    // For a text search index these are the owner of the row and a word.
    return found.rows < FEW_ROWS || found.columns.slice(0, 2).every(isConstrained)
  })
}
