/** The tables of `npm run mutations` fit the code, so that they are known to be current before anybody runs them. */
import { expect, it } from 'vitest'
import { editsAction, listFormActions } from './mutations/actions.ts'
import { findFaults, type Mutation } from './mutations/mutation.ts'
import { tables } from './mutations/tables.ts'
import { findRedTests, judge } from './mutations/verdict.ts'

const rows = Object.values(tables).flat()

it('the text of every edit occurs once in its file, and the tests that must notice it exist', () => {
  expect(findFaults(tables)).toEqual([])
})

it('every form action of every page has an edit', () => {
  const actions = listFormActions()
  expect(actions.length).toBeGreaterThan(65)
  expect(actions.filter((action) => !rows.some((row) => editsAction(row, action))).map(({ name }) => name)).toEqual([])
})

it('a wrong row is found without running a test', () => {
  const good: Mutation = {
    name: 'good',
    covers: ['E-01'],
    file: 'src/paths.ts',
    from: 'export const paths',
    to: 'const paths',
    tests: { 'test/mutations.test.ts': ['a wrong row is found'] },
  }
  const faultsOf = (change: Partial<Mutation>) => findFaults({ rows: [{ ...good, ...change }] })
  expect(faultsOf({})).toEqual([])
  expect(faultsOf({ from: 'no such text' })).toEqual(['good: the text to replace occurs 0 times in src/paths.ts'])
  expect(faultsOf({ from: 'export' })[0]).toMatch(/^good: the text to replace occurs \d+ times in src\/paths\.ts$/)
  expect(faultsOf({ file: 'src/nowhere.ts' })).toEqual(['good: src/nowhere.ts does not exist'])
  expect(faultsOf({ tests: { 'test/nowhere.test.ts': ['x'] } })).toEqual(['good: test/nowhere.test.ts does not exist'])
  expect(faultsOf({ tests: { 'test/pages.test.ts': ['no such title'] } })).toEqual([
    'good: test/pages.test.ts has no test "no such title"',
  ])
  expect(faultsOf({ tests: {} })).toEqual(['good: names no test'])
  expect(findFaults({ rows: [good, good] })).toEqual(['good: used twice'])
})

it('an edit is killed only when each named test ran and failed because of it', () => {
  const row: Mutation = { name: 'x', covers: ['E-01'], file: 'x', from: 'a', to: 'b', tests: { f: ['one', 'two'] } }
  const result = (title: string, status: 'passed' | 'failed' | 'skipped', message = 'expected 1 to be 2') => ({
    file: 'f',
    title,
    status,
    message,
  })
  const kind = (...results: ReturnType<typeof result>[]) => judge(row, { results, output: '' }).kind
  expect(kind(result('one', 'failed'), result('two', 'failed'))).toBe('killed')
  expect(kind(result('one of a', 'failed'), result('one of b', 'passed'), result('two', 'failed'))).toBe('killed')
  expect(kind(result('one', 'failed'), result('two', 'passed'))).toBe('survived')
  expect(kind(result('one', 'failed'))).toBe('broken')
  expect(kind(result('one', 'failed'), result('two', 'skipped'))).toBe('broken')
  expect(kind(result('one', 'failed', 'ReferenceError: x is not defined'), result('two', 'failed'))).toBe('broken')
  const red = findRedTests([row], { results: [result('one', 'passed'), result('two', 'failed')], output: '' })
  expect(red).toEqual([{ file: 'f', title: 'two', message: 'f > two: expected 1 to be 2' }])
})
