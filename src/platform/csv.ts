/** Tables as CSV whose cells a spreadsheet opens as text. Everything that leaves as CSV is written here. */
import { Readable } from 'node:stream'
import { stringify } from 'csv-stringify/sync'
import type { Effect } from './effects.ts'
import { neutralizeFormulas } from './text.ts'

export type Cell = string | number | null | undefined

/** Rows with their line ends. Every cell is quoted, and nothing in it runs as a formula (CSV injection). */
const csvRows = (rows: readonly (readonly Cell[])[]): string =>
  stringify(
    rows.map((cells) => cells.map((cell) => neutralizeFormulas(String(cell ?? '')))),
    { quoted: true, quoted_empty: true, record_delimiter: '\r\n' },
  )

export const csvRow = (cells: readonly Cell[]): string => csvRows([cells])

/** Rows of one exported file. */
export const MAX_EXPORT_ROWS = 20_000

/** Rows that are read and written at once: other requests wait some 15 ms for each page. */
export const EXPORT_PAGE_ROWS = 250

export interface ExportColumn<Row> {
  heading: string
  cell: (row: Row) => Cell
}

/**
 * A list as one file: UTF-8 with a byte order mark and CRLF line ends, as spreadsheets expect. Pages are written as they are
 * read, so that only their bytes are kept. A list that is longer than MAX_EXPORT_ROWS ends there, and the name of its file
 * says so.
 * @param name such as `jobs`
 */
export async function exportFile<Row>(
  name: string,
  columns: readonly ExportColumn<Row>[],
  pages: AsyncIterable<readonly Row[]>,
): Promise<Effect> {
  const parts = [Buffer.from(`\ufeff${csvRow(columns.map(({ heading }) => heading))}`)]
  let count = 0
  for await (const page of pages) {
    const rows = page.slice(0, MAX_EXPORT_ROWS - count)
    parts.push(Buffer.from(csvRows(rows.map((row) => columns.map(({ cell }) => cell(row))))))
    count += page.length
    if (count > MAX_EXPORT_ROWS) break
  }
  const ending = count > MAX_EXPORT_ROWS ? `-first-${MAX_EXPORT_ROWS}` : ''
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  const file = { name: `${name}${ending}.csv`, type: 'text/csv; charset=utf-8', size, inline: false }
  return { file: { ...file, stream: Readable.from(parts) } }
}
