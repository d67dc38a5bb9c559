/** Tables as CSV whose cells a spreadsheet opens as text. */
import { stringify } from 'csv-stringify/sync'

/**
 * UTF-8 with a byte order mark and CRLF line ends, as spreadsheets expect. A cell that starts with = + - @, a tab or a
 * line end gets an apostrophe in front: a spreadsheet would run it as a formula (CSV injection).
 */
export function csvFile(
  headings: readonly string[],
  rows: readonly (readonly (string | number | null | undefined)[])[],
): Buffer {
  const cells = rows.map((row) => row.map((cell) => (cell === null || cell === undefined ? '' : String(cell))))
  return Buffer.from(
    stringify([[...headings], ...cells], { bom: true, record_delimiter: '\r\n', escape_formulas: true }),
  )
}
