/** The lists of long files and functions in eslint.config.js may only shrink. ESLint itself refuses what is not listed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Linter } from 'eslint'
import { parser } from 'typescript-eslint'
import { expect, it } from 'vitest'
import { root } from './source.ts'

/** Plain JavaScript without types. */
const configFile = join(root, 'eslint.config.js')
const { LONG_FILES, LONG_FUNCTIONS } = (await import(configFile)) as { LONG_FILES: string[]; LONG_FUNCTIONS: string[] }

const linter = new Linter()

function breaks(file: string, rules: Linter.RulesRecord): boolean {
  const text = readFileSync(join(root, file), 'utf8')
  const config: Linter.Config = { files: ['**/*.ts'], languageOptions: { parser }, rules }
  return linter.verify(text, config, { filename: 'file.ts' }).some(({ ruleId }) => ruleId !== null && ruleId in rules)
}

it('every listed file still has more than 300 lines', () => {
  const isLong = (file: string) => readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length > 300
  expect(LONG_FILES.filter((file) => !isLong(file))).toEqual([])
})

it('every listed file still has a function of more than 50 lines', () => {
  const rules: Linter.RulesRecord = {
    'max-lines-per-function': ['error', { max: 50, skipComments: true, skipBlankLines: true }],
  }
  expect(LONG_FUNCTIONS.filter((file) => !breaks(file, rules))).toEqual([])
})
