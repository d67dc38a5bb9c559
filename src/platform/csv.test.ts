import { parse } from 'csv-parse/sync'
import { expect, it } from 'vitest'
import { csvFile } from './csv.ts'

it('PS-19 cells that a spreadsheet would run are neutralised, and everything else comes back as it was', () => {
  const rows = [['=1+1', '+44 117', '-5', '@SUM(A1)', '\tx', 'plain "quoted", with; signs\nand lines', '', null]]
  const bytes = csvFile(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], rows)
  expect(bytes.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]))
  expect(parse(bytes, { bom: true })[1]).toEqual([
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
