import { describe, expect, it } from 'vitest'
import { checkFields } from '../rules.ts'
import { field } from './fields.fixtures.ts'
import {
  buildSearchText,
  FIELD_PERMISSIONS,
  FIELD_TYPES,
  getDefaultValues,
  resolveJobFields,
  selectPortalFields,
  selectVisibleValues,
} from './rules.ts'

describe('what a customer sees of a template', () => {
  it('V-28 PS-32 hidden fields and worker permissions are left out', () => {
    const seen = selectPortalFields([
      field('a', 'text', 'required'),
      field('b', 'text', 'hidden', { hint: 'margin' }),
      field('c', 'number', 'readOnly', { unit: 'kWh', value: '5' }),
    ])
    expect(seen).toEqual([
      { id: 'a', name: 'a', type: 'text', permission: 'required' },
      { id: 'c', name: 'c', type: 'number', permission: 'readOnly', unit: 'kWh', value: '5' },
    ])
  })

  it('a section whose fields are all hidden is hidden too', () => {
    const fields = [
      field('s1', 'section', 'readOnly'),
      field('a', 'text', 'hidden'),
      field('s2', 'section', 'readOnly'),
      field('b', 'text'),
    ]
    expect(selectPortalFields(fields).map((each) => each.id)).toEqual(['s2', 'b'])
  })

  it('E-18 E-20 a job keeps its original fields; a field hidden later is hidden on it, one shown later stays hidden', () => {
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
    const fields = resolveJobFields(made, today)
    expect(fields.map((each) => [each.id, each.name, each.portal])).toEqual([
      ['a', 'Old words', 'hidden'],
      ['b', 'b', 'hidden'],
      ['gone', 'gone', 'optional'],
      ['t', 't', 'optional'],
    ])
    expect(selectVisibleValues(fields, { a: 'kept', gone: 'x' }, 'office')).toEqual({ a: 'kept', gone: 'x' })
    expect(selectVisibleValues(fields, { a: 'kept', gone: 'x' }, 'portal')).toEqual({ gone: 'x' })
  })

  it('PS-14 PS-15 search text for customers holds no text of hidden fields', () => {
    const fields = [
      field('a', 'text'),
      field('b', 'text', 'hidden'),
      field('c', 'multiPickList', 'readOnly', { options: ['x', 'y'] }),
    ]
    const values = { a: 'boiler', b: 'margin', c: ['x', 'y'] }
    expect(buildSearchText(fields, values, 'portal')).toBe('boiler x y')
    expect(buildSearchText(fields, values, 'office')).toBe('boiler margin x y')
  })

  it('a new job starts with the default values of its template', () => {
    expect(
      getDefaultValues([
        field('l', 'link', 'readOnly', { value: 'https://a.b' }),
        field('s', 'section', 'readOnly', { value: 'Text' }),
        field('t', 'text'),
      ]),
    ).toEqual({ l: 'https://a.b' })
  })
})

it('V-28 V-29 links and sections cannot be optional or required', () => {
  for (const type of FIELD_TYPES)
    for (const permission of FIELD_PERMISSIONS) {
      const fieldErrors = checkFields([
        field('a', type, permission, { worker: 'hidden', ...(type.endsWith('ickList') && { options: ['x'] }) }),
      ])
      expect('0.portal' in fieldErrors).toBe(
        (type === 'link' || type === 'section') && (permission === 'optional' || permission === 'required'),
      )
    }
})
