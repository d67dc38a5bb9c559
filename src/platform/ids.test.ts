import { expect, test } from 'vitest'
import { isId, newId, shortCode } from './ids.ts'

test('ids made one after the other are valid UUIDv7 and sort in the order they were made', () => {
  const ids = Array.from({ length: 50_000 }, newId)
  expect(new Set(ids).size).toBe(ids.length)
  expect([...ids].sort()).toEqual(ids)
  for (const id of ids.slice(0, 100)) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(isId(id)).toBe(true)
  }
  expect(Math.abs(parseInt(ids[0]!.replace('-', '').slice(0, 12), 16) - Date.now())).toBeLessThan(60_000)
})

test('anything that is not an id is told apart', () => {
  for (const bad of [null, 1, '', [newId()], newId().toUpperCase(), newId() + '\n', newId() + '0'])
    expect(isId(bad)).toBe(false)
})

test('a request code can be read over the telephone', () => {
  expect(shortCode()).toMatch(/^[0-9A-HJKMNP-TV-Z]{10}$/)
  expect(new Set(Array.from({ length: 1000 }, shortCode)).size).toBe(1000)
})
