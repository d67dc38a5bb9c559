import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  amountText,
  checkFieldValues,
  faultsOfFields,
  FIELD_TYPES,
  fieldsOfJob,
  isWebAddress,
  PERMISSIONS,
  portalFields,
  parseAmount,
  searchableText,
  startingValues,
  typedValues,
  valuesFor,
  type Field,
  type FieldPermission,
  type FieldType,
} from './rules.ts'

const field = (
  id: string,
  type: FieldType,
  portal: FieldPermission = 'optional',
  more: Partial<Field> = {},
): Field => ({ id, name: id, type, portal, worker: 'optional', ...more })
const answer = (one: Field, value: unknown) => {
  const { values, problems } = checkFieldValues([one], { [one.id]: value }, 'office')
  return problems[one.id]?.code ?? values[one.id]
}

describe('what a customer sees of a template', () => {
  it('V-28 PS-32 hidden fields are gone, and nothing about workers leaves', () => {
    const seen = portalFields([
      field('a', 'text', 'required'),
      field('b', 'text', 'hidden', { hint: 'margin' }),
      field('c', 'number', 'readOnly', { unit: 'kWh', value: '5' }),
    ])
    expect(seen).toEqual([
      { id: 'a', name: 'a', type: 'text', permission: 'required' },
      { id: 'c', name: 'c', type: 'number', permission: 'readOnly', unit: 'kWh', value: '5' },
    ])
  })

  it('a header whose fields are all hidden is hidden with them', () => {
    const fields = [
      field('s1', 'section', 'readOnly'),
      field('a', 'text', 'hidden'),
      field('s2', 'section', 'readOnly'),
      field('b', 'text'),
    ]
    expect(portalFields(fields).map((each) => each.id)).toEqual(['s2', 'b'])
  })

  it('E-18 E-20 a job keeps the fields it was made with; one hidden later is hidden on it too, one shown later is not', () => {
    const made = [
      field('a', 'text', 'optional', { name: 'Old words' }),
      field('b', 'text', 'hidden'),
      field('gone', 'text', 'optional'),
      field('t', 'text', 'optional'),
    ]
    const today = [
      field('a', 'text', 'hidden', { name: 'New words' }),
      field('b', 'text', 'readOnly'),
      field('new', 'text', 'required'),
      field('t', 'number', 'hidden'),
    ]
    const fields = fieldsOfJob(made, today)
    expect(fields.map((each) => [each.id, each.name, each.portal])).toEqual([
      ['a', 'Old words', 'hidden'],
      ['b', 'b', 'hidden'],
      ['gone', 'gone', 'optional'],
      ['t', 't', 'optional'],
    ])
    expect(valuesFor(fields, { a: 'kept', gone: 'x' }, 'office')).toEqual({ a: 'kept', gone: 'x' })
    expect(valuesFor(fields, { a: 'kept', gone: 'x' }, 'portal')).toEqual({ gone: 'x' })
  })

  it('PS-14 PS-15 search text for customers holds no word of a hidden field', () => {
    const fields = [
      field('a', 'text'),
      field('b', 'text', 'hidden'),
      field('c', 'multiPickList', 'readOnly', { options: ['x', 'y'] }),
    ]
    const values = { a: 'boiler', b: 'margin', c: ['x', 'y'] }
    expect(searchableText(fields, values, 'portal')).toBe('boiler x y')
    expect(searchableText(fields, values, 'office')).toBe('boiler margin x y')
  })
})

describe('answers', () => {
  it('V-30 a required field without an answer blocks the customer, and never the office', () => {
    const fields = [field('a', 'text', 'required'), field('ok', 'checkbox', 'required')]
    expect(checkFieldValues(fields, { a: '  ', ok: false }, 'portal').problems).toEqual({
      a: { code: 'required' },
      ok: { code: 'required' },
    })
    expect(checkFieldValues(fields, {}, 'office').problems).toEqual({})
    expect(checkFieldValues(fields, {}, 'portal', { a: 'there', ok: true }).problems).toEqual({})
  })

  it('V-29 V-30 what the worker must answer is apart from what the customer must', () => {
    const fields = [
      field('a', 'text', 'hidden', { worker: 'required' }),
      field('b', 'text', 'required', { worker: 'hidden' }),
    ]
    expect(Object.keys(checkFieldValues(fields, {}, 'worker').problems)).toEqual(['a'])
    expect(Object.keys(checkFieldValues(fields, {}, 'portal').problems)).toEqual(['b'])
  })

  it('PS-36 PS-03 writing a hidden field is refused in the same words as writing one that never was', () => {
    const fields = [field('a', 'text', 'readOnly', { value: 'fixed' }), field('b', 'text', 'hidden')]
    expect(checkFieldValues(fields, { a: 'x', b: 'x', zz: 'x' }, 'portal').problems).toEqual({
      a: { code: 'readOnly' },
      b: { code: 'unknown' },
      zz: { code: 'unknown' },
    })
  })

  it('E-18 what somebody does not write stays as it is, also what they cannot see', () => {
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
    expect(['1,5', '1e5', 'NaN', '.', '-', '1 2', '0x1', 5, true, {}].map((raw) => answer(n, raw))).toEqual(
      Array(10).fill('number'),
    )
  })

  it('V-52 dates carry their offset and exist', () => {
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

  it('V-52 a choice is one of the list, several come in its order, money is whole cents', () => {
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

  it('PS-57 only http and https addresses become links', () => {
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

  it('a new job starts with the values of its template', () => {
    expect(
      startingValues([
        field('l', 'link', 'readOnly', { value: 'https://a.b' }),
        field('s', 'section', 'readOnly', { value: 'Text' }),
        field('t', 'text'),
      ]),
    ).toEqual({ l: 'https://a.b' })
  })

  it('whatever is sent, checking answers never throws, and what it takes it takes again', () => {
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

describe('what was typed into a form', () => {
  it('becomes values, and what cannot be read is said to be unreadable', () => {
    const fields = [
      field('t', 'text'),
      field('c', 'currency'),
      field('d', 'dateTime'),
      field('k', 'checkbox'),
      field('m', 'multiPickList', 'optional', { options: ['a', 'b'] }),
      field('n', 'number'),
    ]
    const moment = (local: string) => (/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(local) ? `${local}:00Z` : null)
    expect(
      typedValues(
        fields,
        { t: ['hello'], c: ['£1,234.5'], d: ['2026-03-02T09:30'], m: ['a', ''], n: [' '] },
        { moment },
      ),
    ).toEqual({ t: 'hello', c: 123450, d: '2026-03-02T09:30:00Z', k: false, m: ['a'], n: null })
    const unread = typedValues(fields, { c: ['a lot'], d: ['soon'], k: ['on'] }, { moment })
    const { problems, values } = checkFieldValues(fields, unread, 'office')
    expect(problems).toEqual({ c: { code: 'amount' }, d: { code: 'dateTime' } })
    expect(values).toEqual({ k: true })
  })

  it('a ticked box is ticked by whatever its form sends for it; nothing, or a no, is not', () => {
    const ticked = (...typed: string[]) => typedValues([field('k', 'checkbox')], { k: typed }, { moment: () => null }).k
    expect(['1', 'on', 'true', 'yes'].map((each) => ticked(each))).toEqual([true, true, true, true])
    expect([ticked(), ticked(''), ticked('0'), ticked('false'), ticked('off')]).toEqual([
      false,
      false,
      false,
      false,
      false,
    ])
  })

  it('amounts come back as they were typed', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), fc.constantFrom(0, 2, 3), (minor, digits) => {
        expect(parseAmount(amountText(minor, digits), digits)).toBe(minor)
      }),
    )
    expect(['1.234', '1,2', '', 'x', '--1', '1.2.3'].map((typed) => parseAmount(typed))).toEqual(Array(6).fill(null))
  })
})

it('V-28 V-29 nobody can be asked to fill in a link or a header', () => {
  for (const type of FIELD_TYPES)
    for (const permission of PERMISSIONS) {
      const fieldErrors = faultsOfFields([
        field('a', type, permission, { worker: 'hidden', ...(type.endsWith('ickList') && { options: ['x'] }) }),
      ])
      expect('0.portal' in fieldErrors).toBe(
        (type === 'link' || type === 'section') && (permission === 'optional' || permission === 'required'),
      )
    }
})
