/** CSV files: reading the rows of an import, and writing the rejected ones. Only one chunk is in memory at a time. */
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { parse } from 'csv-parse'
import { csvRow } from '../../../platform/csv.ts'
import type { RefuseImport } from '../rules.ts'

export interface CsvRow {
  /** Line of the file. */
  number: number
  cells: string[]
}

const DELIMITERS = [',', ';', '\t', '|']
const MAX_ROW_BYTES = 1_000_000
const READ_BYTES = 256 * 1024

/** The rows of a CSV file, the header first. The delimiter is the one its first line uses most; text must be UTF-8. */
export async function* readCsv(file: string, refuse: RefuseImport): AsyncGenerator<CsvRow, undefined> {
  const text = readUtf8(file, refuse)
  const { value: start, done } = await text.next()
  if (done) return undefined
  const source = Readable.from(prepend(start, text), { objectMode: false, encoding: 'utf8' })
  let lastReadLine = 0
  const parser = source.pipe(
    parse({
      delimiter: detectDelimiter(start),
      bom: true,
      // A quote inside a cell (6" pipe) is text; one that opens a cell and is never closed ends the reading.
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: true,
      // Spreadsheets write rows of delimiters alone.
      skip_records_with_empty_values: true,
      info: true,
      max_record_size: MAX_ROW_BYTES,
      on_record: (record: string[], { lines }) => {
        lastReadLine = lines
        return record
      },
    }),
  )
  source.on('error', (error) => parser.destroy(error))
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>)
      yield { number: info.lines, cells: record }
  } catch (error) {
    const isSyntaxError = /^CSV_/.test((error as { code?: string }).code ?? '')
    if (isSyntaxError) refuse([{ code: 'quote', vars: { row: lastReadLine } }])
    throw error
  }
  return undefined
}

function detectDelimiter(text: string): string {
  const firstLine = text.split(/[\r\n]/, 1)[0]!
  const count = (delimiter: string) => firstLine.split(delimiter).length
  return DELIMITERS.toSorted((a, b) => count(b) - count(a))[0]!
}

async function* prepend(start: string, rest: AsyncIterable<string>): AsyncGenerator<string, undefined> {
  yield start
  yield* rest
  return undefined
}

async function* readUtf8(file: string, refuse: RefuseImport): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const part of createReadStream(file, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>) {
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

/** One CSV line without its line break. */
export const csvLine = (cells: readonly string[]): string => csvRow(cells).trimEnd()

/**
 * Writes rejected rows as they were read, after their line and the reasons. The file is created with the first of them.
 * Adding and closing throw the system's error when the disk does not take a row.
 */
export function createRejectsWriter(file: string, header: readonly string[]) {
  let stream: WriteStream | null = null
  let failure: Error | undefined
  const write = async (cells: readonly string[]) => {
    if (failure) throw failure
    if (!stream!.write(csvRow(cells))) await once(stream!, 'drain')
  }
  return {
    async add({ number, cells }: CsvRow, reasons: string) {
      if (!stream) {
        stream = createWriteStream(file)
        // It may come between two rows, when nobody waits for it.
        stream.on('error', (error) => (failure ??= error))
        await write(['row', 'reasons', ...header])
      }
      await write([String(number), reasons, ...cells])
    },
    async close() {
      if (failure) throw failure
      if (!stream) return
      stream.end()
      await finished(stream)
    },
  }
}
