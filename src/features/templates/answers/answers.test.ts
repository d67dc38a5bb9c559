import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { field } from '../fields/fields.fixtures.ts'
import { FIELD_TYPES, type Field } from '../fields/rules.ts'
import { checkFieldValues, isWebAddress } from './rules.ts'

const answer = (one: Field, value: unknown) => {
  const { values, problems } = checkFieldValues([one], { [one.id]: value }, 'office')
  return problems[one.id]?.code ?? values[one.id]
}

describe('answers', () => {
  it('V-30 a required field without an answer blocks the customer, but not the office', () => {
    const fields = [field('a', 'text', 'required'), field('ok', 'checkbox', 'required')]
    expect(checkFieldValues(fields, { a: '  ', ok: false }, 'portal').problems).toEqual({
      a: { code: 'required', vars: { name: 'a', type: 'text' } },
      ok: { code: 'required', vars: { name: 'ok', type: 'checkbox' } },
    })
    expect(checkFieldValues(fields, {}, 'office').problems).toEqual({})
    expect(checkFieldValues(fields, {}, 'portal', { a: 'there', ok: true }).problems).toEqual({})
  })

  it('V-29 V-30 required fields of workers and customers are independent', () => {
    const fields = [
      field('a', 'text', 'hidden', { worker: 'required' }),
      field('b', 'text', 'required', { worker: 'hidden' }),
    ]
    expect(Object.keys(checkFieldValues(fields, {}, 'worker').problems)).toEqual(['a'])
    expect(Object.keys(checkFieldValues(fields, {}, 'portal').problems)).toEqual(['b'])
  })

  it('PS-36 PS-03 writing a hidden field is refused like writing an unknown field', () => {
    const fields = [field('a', 'text', 'readOnly', { value: 'fixed' }), field('b', 'text', 'hidden')]
    expect(checkFieldValues(fields, { a: 'x', b: 'x', zz: 'x' }, 'portal').problems).toEqual({
      a: { code: 'readOnly' },
      b: { code: 'unknown' },
      zz: { code: 'unknown' },
    })
  })

  it('E-18 answers that are not sent stay as they are, also in hidden fields', () => {
    const fields = [field('a', 'text'), field('b', 'text', 'hidden'), field('c', 'text')]
    expect(
      checkFieldValues(fields, { a: 'new', c: null }, 'portal', {
        a: 'old',
        b: 'secret',
        c: 'old',
        left: 'of an earlier version',
      }).values,
    ).toEqual({ a: 'new', b: 'secret', left: 'of an earlier version' })
  })

  it('V-52 a number is digits, sign and point, and is never rounded', () => {
    const n = field('n', 'number')
    expect([' +007.50 ', '-3', '.5', '0', '-0.0', '123456789012345.0123456789'].map((raw) => answer(n, raw))).toEqual([
      '7.50',
      '-3',
      '0.5',
      '0',
      '0.0',
      '123456789012345.0123456789',
    ])
    expect(['1e5', 'NaN', '.', '-', '1 2', '0x1', 5, true, {}].map((raw) => answer(n, raw))).toEqual(
      Array(9).fill('number'),
    )
  })

  it('a number may have a decimal comma, groups, its unit and a typographic minus; what could be two is asked', () => {
    const n = field('n', 'number', 'optional', { unit: 'kWh' })
    const written = [
      '1,5',
      '12 kWh',
      '12kwh',
      '\u22125',
      '1 000',
      '1\u202f000,25',
      '1.234,50',
      '1,234.5',
      '0,125',
      '1,2345',
    ]
    expect(written.map((raw) => answer(n, raw))).toEqual([
      '1.5',
      '12',
      '12',
      '-5',
      '1000',
      '1000.25',
      '1234.50',
      '1234.5',
      '0.125',
      '1.2345',
    ])
    expect(['1,234', '-12,500', '12 m', '1,2,3', '1.2.3', '1 23'].map((raw) => answer(n, raw))).toEqual([
      'ambiguousNumber',
      'ambiguousNumber',
      ...Array(4).fill('number'),
    ])
  })

  it('a date is a day of the calendar without a time', () => {
    const d = field('d', 'date')
    expect([answer(d, '2026-03-02'), answer(d, '2028-02-29')]).toEqual(['2026-03-02', '2028-02-29'])
    expect(['2026-02-29', '2026-03-02T09:30Z', '2.3.2026', 'soon', 5].map((raw) => answer(d, raw))).toEqual(
      Array(5).fill('date'),
    )
  })

  it('V-52 a date has an offset and exists in the calendar', () => {
    const d = field('d', 'dateTime')
    expect(answer(d, '2026-03-02T09:30+01:00')).toBe('2026-03-02T09:30+01:00')
    expect(
      [
        '2026-02-31T09:30Z',
        '2026-03-02T09:30',
        '2026-03-02',
        'tomorrow',
        '2026-13-01T00:00Z',
        '2026-03-02T25:00Z',
        5,
      ].map((raw) => answer(d, raw)),
    ).toEqual(Array(7).fill('dateTime'))
  })

  it('V-52 choices must be options and are stored in the order of the options; amounts are whole cents', () => {
    const options = ['Leaks', 'Noisy', 'Dead']
    expect(answer(field('p', 'pickList', 'optional', { options }), 'Leaks')).toBe('Leaks')
    expect(answer(field('p', 'pickList', 'optional', { options }), 'leaks')).toBe('choice')
    expect(answer(field('p', 'multiPickList', 'optional', { options }), ['Dead', 'Leaks', 'Dead'])).toEqual([
      'Leaks',
      'Dead',
    ])
    expect(answer(field('p', 'multiPickList', 'optional', { options }), ['Dead', 'Other'])).toBe('choice')
    expect([1250, 12.5, '12.50', Infinity, 2 ** 53].map((raw) => answer(field('c', 'currency'), raw))).toEqual([
      1250,
      ...Array(4).fill('amount'),
    ])
    expect(answer(field('t', 'text'), 'x'.repeat(5_001))).toBe('tooLong')
    expect(answer(field('t', 'text'), ['x'])).toBe('type')
    expect(answer(field('f', 'file'), ['../../etc/passwd'])).toBe('type')
  })

  it('PS-57 only http and https addresses are accepted as links', () => {
    expect(['https://harbour.example/a?b=1#c', 'http://localhost:4000'].every(isWebAddress)).toBe(true)
    for (const bad of [
      'javascript:alert(1)',
      ' https://a.b',
      'data:text/html,x',
      '//evil.example',
      'https://user:secret@evil.example',
      'https://a b',
      'ftp://a.b',
      'https://',
      'https://a.b/"onclick="x',
    ])
      expect(isWebAddress(bad), bad).toBe(false)
  })

  it('checking never throws for any input, and accepted values are accepted again', () => {
    const fields = FIELD_TYPES.map((type) =>
      field(type, type, type === 'link' || type === 'section' ? 'readOnly' : 'optional', { options: ['a', 'b'] }),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...FIELD_TYPES, 'other', '__proto__'), fc.anything()), (given) => {
        const first = checkFieldValues(fields, given, 'office')
        const taken = Object.fromEntries(
          Object.keys(given)
            .filter((id) => !first.problems[id] && first.values[id] !== undefined)
            .map((id) => [id, first.values[id]]),
        )
        expect(checkFieldValues(fields, taken, 'office')).toEqual({ values: taken, problems: {} })
      }),
      { numRuns: 500 },
    )
  })
})
