/** Small edits of the product, each with the tests that must notice it. The tables are in the other files of `tables/`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')

export interface Mutation {
  /** Lower case with dashes, unique in all tables. `--only` takes it. */
  name: string
  /** Ids of the requirements, or lines of the issue, that the edited code keeps. */
  covers: string[]
  file: string
  /** Occurs exactly once in the file. */
  from: string
  to: string
  /** Titles (or the literal part of a generated title) by test file. Every one of them must fail. */
  tests: Record<string, string[]>
}

/** A form that reports success without calling its operation. `output` is what the page reads of its result. */
export const idleForm = ({
  operation,
  output = '{}',
  ...row
}: Omit<Mutation, 'from' | 'to'> & { operation: string; output?: string }): Mutation => ({
  ...row,
  from: `${operation}(`,
  to: `(async () => (${output}))(`,
})

/** Rows by subject; the subject is a name for `--only` as well. */
export type MutationTables = Record<string, Mutation[]>

/** Whether a file is compiled into the pages alone. Rules and contracts are also read by the server itself. */
export const isPageFile = (file: string): boolean => /^src\/(web|ui)\/|\/ui\/|^src\/paths\.ts$/.test(file)

/** Whether the named tests are served the built pages. */
export const servesPages = ({ tests }: Mutation, folder = root): boolean =>
  Object.keys(tests).some((file) => /PORTICO_PAGES|no-script\.ts|browser\.ts/.test(readText(folder, file)))

export const readText = (folder: string, file: string): string => readFileSync(join(folder, file), 'utf8')

/** Applies an edit to the text of its file. */
export const applyEdit = ({ from, to }: Mutation, text: string): string => text.replace(from, () => to)

/** What is wrong with the rows themselves, found without running a test. */
export function findFaults(tables: MutationTables, folder = root): string[] {
  const rows = Object.values(tables).flat()
  const names = [...Object.keys(tables), ...rows.map(({ name }) => name)]
  const repeated = names.filter((name, index) => names.indexOf(name) !== index)
  return [...repeated.map((name) => `${name}: used twice`), ...rows.flatMap((row) => findRowFaults(row, folder))]
}

function findRowFaults(row: Mutation, folder: string): string[] {
  const { name, file, from, to, tests, covers } = row
  const fault = (text: string) => `${name}: ${text}`
  if (!existsSync(join(folder, file))) return [fault(`${file} does not exist`)]
  const count = readText(folder, file).split(from).length - 1
  return [
    ...(count === 1 ? [] : [fault(`the text to replace occurs ${count} times in ${file}`)]),
    ...(from === to ? [fault('replaces a text with itself')] : []),
    ...findLaterDefinitions(row, folder).map((later) => fault(`${later} replaces the function: edit it there`)),
    ...(covers.length > 0 ? [] : [fault('covers nothing')]),
    ...(Object.values(tests).flat().length > 0 ? [] : [fault('names no test')]),
    ...Object.entries(tests).flatMap(([test, titles]) => findTestFaults(test, titles, folder).map(fault)),
  ]
}

/** Migrations that replace the function that an edit of a migration is in: the edit would change nothing. */
function findLaterDefinitions({ file, from }: Mutation, folder: string): string[] {
  if (!file.startsWith('db/migrations/')) return []
  const text = readText(folder, file)
  const before = text.slice(0, text.indexOf(from))
  const definition = [...before.matchAll(/create (?:or replace )?function (\w+)\(/g)].at(-1)
  const name = definition?.[1]
  if (!name || /\n(?:end )?\$\$;/.test(before.slice(definition.index))) return []
  return readdirSync(join(folder, 'db/migrations'))
    .map((each) => `db/migrations/${each}`)
    .filter((each) => each > file && readText(folder, each).includes(`create or replace function ${name}(`))
}

function findTestFaults(test: string, titles: string[], folder: string): string[] {
  if (!existsSync(join(folder, test))) return [`${test} does not exist`]
  const text = readText(folder, test)
  return titles.flatMap((title) => [
    ...(text.includes(title) ? [] : [`${test} has no test "${title}"`]),
    ...(/%[a-z]|\$/.test(title) ? [`"${title}" is filled in for each case: name the part that stays`] : []),
  ])
}
