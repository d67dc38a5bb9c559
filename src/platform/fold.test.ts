import { expect, test } from 'vitest'
import { fold } from './fold.ts'

test.each([
  ['Łódź', 'lodz'],
  ['Ærøskøbing', 'aeroskobing'],
  ['  Müller   GmbH ', 'muller gmbh'],
  ['STRASSE Straße', 'strasse strasse'],
  ['İstanbul Işık', 'istanbul isik'],
  ['Ｆｕｌｌ', 'full'],
  ["Zoë O'Brien", 'zoe obrien'],
  ['O’Brien O`Brien O´Brien OʼBrien', 'obrien obrien obrien obrien'],
  ['The "Best" “Shop” «here»', 'the best shop here'],
  ['12–14 12-14 Jean‑Luc Smith—Jones Smith – Jones', '1214 1214 jeanluc smithjones smith jones'],
  ['#1063, flat #3', '1063, flat 3'],
  ['22 Quay Street, Bristol BS1 4DJ', '22 quay street, bristol bs14dj'],
  [
    'K1A 0B1 · D02 X285 · 1012 AB Amsterdam · 111 52 Stockholm',
    'k1a0b1 · d02x285 · 1012ab amsterdam · 11152 stockholm',
  ],
])('%s is found as %s', (typed, found) => expect(fold(typed)).toBe(found))

test('what is not there leaves no gap', () =>
  expect(fold(null, 'Ada', undefined, '', 'ada@post.example')).toBe('ada ada@post.example'))
