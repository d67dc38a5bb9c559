import { describe, expect, it } from 'vitest'
import { checkFieldValues } from '../answers/rules.ts'
import { field } from '../fields/fields.fixtures.ts'
import { parseFormValues } from './rules.ts'

describe('parseFormValues', () => {
  it('turns texts into values, and leaves unreadable texts for the check to refuse', () => {
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
      parseFormValues(
        fields,
        { t: ['hello'], c: ['£1,234.5'], d: ['2026-03-02T09:30'], m: ['a', ''], n: [' '] },
        { moment },
      ),
    ).toEqual({ t: 'hello', c: 123450, d: '2026-03-02T09:30:00Z', k: false, m: ['a'], n: null })
    const unread = parseFormValues(fields, { c: ['a lot'], d: ['soon'], k: ['on'] }, { moment })
    const { problems, values } = checkFieldValues(fields, unread, 'office')
    expect(problems).toEqual({ c: { code: 'amount' }, d: { code: 'dateTime' } })
    expect(values).toEqual({ k: true })
  })

  it('a checkbox is checked by any entry except an empty, 0, false or off', () => {
    const ticked = (...typed: string[]) =>
      parseFormValues([field('k', 'checkbox')], { k: typed }, { moment: () => null }).k
    expect(['1', 'on', 'true', 'yes'].map((each) => ticked(each))).toEqual([true, true, true, true])
    expect([ticked(), ticked(''), ticked('0'), ticked('false'), ticked('off')]).toEqual([
      false,
      false,
      false,
      false,
      false,
    ])
  })
})
