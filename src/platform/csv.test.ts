import fc from 'fast-check'
import Papa from 'papaparse'
import { describe, expect, it } from 'vitest'
import { csvFile, csvRow } from './csv.ts'

/** Read by another parser than the one that wrote it. */
const readBack = (bytes: Buffer) => Papa.parse<string[]>(bytes.toString('utf8').slice(1).replace(/\r\n$/, '')).data
const BREAK = /[\t\n\v\f\r\u0085\u2028\u2029]/
const startsFormula = (text: string) => /^[=+\-@＝＋－＠]/.test(text)

describe('CSV', () => {
  it('PS-19 cells that a spreadsheet would run are neutralised, and everything else comes back as it was', () => {
    const rows = [['=1+1', '+44 117', '-5', '@SUM(A1)', '\tx', 'plain "quoted", with; signs\nand lines', '', null]]
    const bytes = csvFile(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], rows)
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

  it('1.4 PS-19 a formula after a line break, a tab or in full-width characters is neutralised, too', () => {
    for (const [given, written] of [
      ['Notes\n=cmd|calc', "Notes\n'=cmd|calc"],
      ['Notes\r+1', "Notes\r'+1"],
      ['Notes\r\n@SUM(A1)', "Notes\r\n'@SUM(A1)"],
      ['a\t=1', "a\t'=1"],
      ['a\u2028-1', "a\u2028'-1"],
      ['＝1+1', "'＝1+1"],
      ['\n=1', "'\n'=1"],
    ] as const)
      expect(readBack(csvFile(['a'], [[given]]))[1]).toEqual([written])
  })

  it('1.4 every cell is quoted, empty ones and numbers, too', () => {
    expect(csvRow(['a', '', null, 5, 'say "hi"'])).toBe('"a","","","5","say ""hi"""\r\n')
  })

  it('1.4 PS-19 whatever is in a cell, no line of it begins a formula, and it stays one cell', () => {
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
    fc.assert(
      fc.property(fc.array(fc.tuple(nasty, nasty), { minLength: 1, maxLength: 5 }), (rows) => {
        const read = readBack(csvFile(['x', 'y'], rows))
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
})
