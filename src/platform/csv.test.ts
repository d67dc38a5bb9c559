import fc from 'fast-check'
import Papa from 'papaparse'
import { describe, expect, it } from 'vitest'
import { csvRow, exportFile, type Cell } from './csv.ts'

/** An exported file of these rows, and its name. */
async function exported(headings: string[], pages: Cell[][][], name = 'rows') {
  const columns = headings.map((heading, index) => ({ heading, cell: (row: Cell[]) => row[index] }))
  const effect = await exportFile(
    name,
    columns,
    (async function* () {
      yield* pages
    })(),
  )
  if (!('file' in effect)) throw new Error('not a file')
  const parts: Uint8Array[] = []
  for await (const part of effect.file.stream) parts.push(part)
  const bytes = Buffer.concat(parts)
  expect(effect.file.size).toBe(bytes.length)
  return { bytes, name: effect.file.name }
}
const csvFile = async (headings: string[], rows: Cell[][]) => (await exported(headings, [rows])).bytes

/** Read by another parser than the one that wrote it. */
const readBack = (bytes: Buffer) => Papa.parse<string[]>(bytes.toString('utf8').slice(1).replace(/\r\n$/, '')).data
const BREAK = /[\t\n\v\f\r\u0085\u2028\u2029]/
const startsFormula = (text: string) => /^[=+\-@＝＋－＠]/.test(text)

describe('CSV', () => {
  it('PS-19 cells that a spreadsheet would run are neutralised, and everything else comes back as it was', async () => {
    const rows = [['=1+1', '+44 117', '-5', '@SUM(A1)', '\tx', 'plain "quoted", with; signs\nand lines', '', null]]
    const bytes = await csvFile(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], rows)
    expect(bytes.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]))
    expect(readBack(bytes)[1]).toEqual([
      "'=1+1",
      "'+44 117",
      "'-5",
      "'@SUM(A1)",
      "'\tx",
      'plain "quoted", with; signs\nand lines',
      '',
      '',
    ])
  })

  it('1.4 PS-19 a formula after a line break, a tab or in full-width characters is neutralised, too', async () => {
    for (const [given, written] of [
      ['Notes\n=cmd|calc', "Notes\n'=cmd|calc"],
      ['Notes\r+1', "Notes\r'+1"],
      ['Notes\r\n@SUM(A1)', "Notes\r\n'@SUM(A1)"],
      ['a\t=1', "a\t'=1"],
      ['a\u2028-1', "a\u2028'-1"],
      ['＝1+1', "'＝1+1"],
      ['\n=1', "'\n'=1"],
    ] as const)
      expect(readBack(await csvFile(['a'], [[given]]))[1]).toEqual([written])
  })

  it('1.4 every cell is quoted, empty ones and numbers, too', () => {
    expect(csvRow(['a', '', null, 5, 'say "hi"'])).toBe('"a","","","5","say ""hi"""\r\n')
  })

  it('1.4 PS-19 whatever is in a cell, no line of it begins a formula, and it stays one cell', async () => {
    const nasty = fc.string({
      unit: fc.constantFrom(
        '=',
        '+',
        '-',
        '@',
        '\n',
        '\r',
        '\t',
        '"',
        "'",
        ',',
        ';',
        ' ',
        'a',
        '＝',
        '＠',
        '\u2028',
        '\u0085',
      ),
      maxLength: 12,
    })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(nasty, nasty), { minLength: 1, maxLength: 5 }), async (rows) => {
        const read = readBack(await csvFile(['x', 'y'], rows))
        expect(read.map((row) => row.length)).toEqual(Array.from({ length: rows.length + 1 }, () => 2))
        for (const [at, row] of read.slice(1).entries())
          for (const [column, cell] of row.entries()) {
            expect(cell.split(BREAK).filter(startsFormula)).toEqual([])
            expect(cell.replaceAll("'", '')).toBe(rows[at]![column]!.replaceAll("'", ''))
          }
      }),
      { numRuns: 2_000 },
    )
  })

  it('a list leaves page by page, and a file that leaves out rows says so in its name', async () => {
    const page = (from: number, count: number) => Array.from({ length: count }, (_, index): Cell[] => [from + index])
    const whole = await exported(['No.'], [page(0, 9_000), page(9_000, 11_000)], 'jobs')
    expect(whole.name).toBe('jobs.csv')
    expect(readBack(whole.bytes).map(([cell]) => cell)).toEqual(['No.', ...page(0, 20_000).map(String)])
    const cut = await exported(['No.'], [page(0, 9_000), page(9_000, 11_001)], 'jobs')
    expect(cut.name).toBe('jobs-first-20000.csv')
    expect(readBack(cut.bytes)).toHaveLength(20_001)
  })
})
