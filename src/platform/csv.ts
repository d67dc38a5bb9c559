/** Tables as CSV whose cells a spreadsheet opens as text. Everything that leaves as CSV is written here. */
import { stringify } from 'csv-stringify/sync'
import { neutralizeFormulas } from './text.ts'

export type Cell = string | number | null | undefined

/** One row with its line end. Every cell is quoted, and nothing in it runs as a formula (CSV injection). */
export const csvRow = (cells: readonly Cell[]): string =>
  stringify([cells.map((cell) => neutralizeFormulas(String(cell ?? '')))], {
    quoted: true,
    quoted_empty: true,
    record_delimiter: '\r\n',
  })

/** A whole file: UTF-8 with a byte order mark and CRLF line ends, as spreadsheets expect. */
export const csvFile = (headings: readonly string[], rows: readonly (readonly Cell[])[]): Buffer =>
  Buffer.from(`\ufeff${[headings, ...rows].map(csvRow).join('')}`)
