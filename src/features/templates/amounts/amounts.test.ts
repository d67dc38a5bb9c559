import fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatAmountInput, parseAmount } from './rules.ts'

it('an amount written into a form field is parsed to the same amount', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), fc.constantFrom(0, 2, 3), (minor, digits) => {
      expect(parseAmount(formatAmountInput(minor, digits), digits)).toBe(minor)
    }),
  )
  expect(['1.234', '1,2', '', 'x', '--1', '1.2.3'].map((typed) => parseAmount(typed))).toEqual(Array(6).fill(null))
})
