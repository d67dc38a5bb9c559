import { expect, test } from 'vitest'
import { fold } from './fold.ts'

test.each([
  ['Łódź', 'lodz'],
  ['Ærøskøbing', 'aeroskobing'],
  ['  Müller   GmbH ', 'muller gmbh'],
  ['STRASSE Straße', 'strasse strasse'],
  ['İstanbul Işık', 'istanbul isik'],
  ['Ｆｕｌｌ', 'full'],
  ["Zoë O'Brien", "zoe o'brien"],
])('%s is found as %s', (typed, found) => expect(fold(typed)).toBe(found))

test('what is not there leaves no gap', () =>
  expect(fold(null, 'Ada', undefined, '', 'ada@post.example')).toBe('ada ada@post.example'))
