/** What is wrong with a plan, without a clock: which rows it read, by which index. Shared by test/plans.test.ts and the report. */
import type { Asked, Explained, Scan } from './explain.ts'

/** Small and rarely written: reading all of it costs a page or two. Every other table grows, also one that is added tomorrow. */
const SMALL = new Set([
  'accounts',
  'account_slugs',
  'account_settings',
  'portal_settings',
  'templates',
  'template_versions',
  'staff_members',
  'counters',
])
const grows = ({ table }: Scan) => !SMALL.has(table)

/** What a look-up may read that finds nothing, or one thing with what hangs on it. */
const FLOOR = 60
/** Rows read for each one returned. */
const RATIO = 20

/** A statement that has to read more, how much, and why. */
export interface Allowance {
  operation?: RegExp
  what?: RegExp
  statement: RegExp
  rows: number
  because: string
  used?: boolean
}

/** Indexes as they are, by name: their columns in order, and how many rows the table has. */
export type Indexes = ReadonlyMap<string, { kind: string; columns: string[]; rows: number }>
/** With fewer rows any index is as good as the best. */
const FEW = 1_000

export const readOf = (statement: Explained): number =>
  statement.scans.filter(grows).reduce((sum, scan) => sum + scan.read, 0)

/** Faults of what one operation did, as sentences. `seeks`: each look must begin with the account and the index's next column. */
export function faultsOf(
  { operation, statements }: Asked,
  what: string,
  { allowances, indexes, seeks }: { allowances: Allowance[]; indexes: Indexes; seeks: boolean },
): string[] {
  return statements.flatMap((statement) => {
    const fault = (text: string) => `${operation} (${what}): ${text} in ${statement.text.slice(0, 100)}`
    const walks = statement.scans
      .filter((scan) => grows(scan) && scan.node === 'Seq Scan')
      .map((scan) => fault(`reads all of ${scan.table}`))
    const allowed = allowances.find(
      (each) =>
        (each.operation ?? /./).test(operation) && (each.what ?? /./).test(what) && each.statement.test(statement.text),
    )
    const vague =
      seeks && !allowed
        ? statement.scans
            .filter((scan) => grows(scan) && scan.index && !isSought(scan, indexes))
            .map((scan) => fault(`looks into ${scan.index} by ${scan.condition || 'nothing'}`))
        : []
    const read = readOf(statement)
    const most = Math.max(FLOOR, RATIO * statement.returned)
    if (read <= most) return [...walks, ...vague]
    if (allowed) allowed.used = true
    return [
      ...walks,
      ...vague,
      ...(read > (allowed?.rows ?? most) ? [fault(`reads ${read} rows for ${statement.returned}`)] : []),
    ]
  })
}

function isSought({ index, condition }: Scan, indexes: Indexes): boolean {
  const names = (column: string) => column.match(/\w+/g)!.some((word) => new RegExp(`\\b${word}\\b`).test(condition))
  return index.split(' + ').every((name) => {
    const found = indexes.get(name)
    if (!found) return false
    // Of an index of words: whose the row is, and a word.
    return found.rows < FEW || found.columns.slice(0, 2).every(names)
  })
}
