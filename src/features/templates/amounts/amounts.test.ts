import fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatAmountInput, isAmbiguousAmount, parseAmount } from './rules.ts'

it('an amount written into a form field is parsed to the same amount', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), fc.constantFrom(0, 2, 3), (minor, digits) => {
      expect(parseAmount(formatAmountInput(minor, digits), digits)).toBe(minor)
    }),
  )
  expect(
    ['12,50', '1.234,50', '1,234.5', '1 234,5', '12,5 €', '£12', '-£3.20', 'EUR 7', '1,234,567'].map((typed) =>
      parseAmount(typed),
    ),
  ).toEqual([1250, 123450, 123450, 123450, 1250, 1200, -320, 700, 123456700])
  expect(['1,234', '1.234', '-1.234'].map((typed) => [parseAmount(typed), isAmbiguousAmount(typed)])).toEqual(
    Array(3).fill([null, true]),
  )
  expect(['1.234', '1,234', '', 'x', '--1', '1.2.3'].map((typed) => parseAmount(typed))).toEqual(Array(6).fill(null))
})
