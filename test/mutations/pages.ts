/**
 * One build of the pages with every edit in it. Building takes half a minute, so an edited page file is built beside the
 * original, and a small file in its place uses the one that PORTICO_MUTANT names when the pages are loaded.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { applyEdit, isPageFile, readText, root, type Mutation } from './mutation.ts'
import { copyTree, listFiles } from './tree.ts'

/** Builds the pages, or finds the build of the same sources and edits. @returns the folder of the built pages */
export function buildPages(rows: Mutation[]): string {
  const pageRows = rows.filter(({ file }) => isPageFile(file))
  // A folder for each checkout: two that run at once keep out of each other's way.
  const checkout = createHash('sha256').update(root).digest('hex').slice(0, 8)
  const kept = join(tmpdir(), `portico-mutation-pages-${checkout}`)
  const built = join(kept, digest(pageRows))
  if (existsSync(built)) return built
  rmSync(kept, { recursive: true, force: true })
  mkdirSync(kept, { recursive: true })
  const folder = mkdtempSync(join(tmpdir(), 'portico-mutation-build-'))
  try {
    copyTree(folder)
    writeFileSync(join(folder, 'src/mutant.js'), CHOICE)
    for (const [file, edits] of Object.entries(Object.groupBy(pageRows, (row) => row.file)))
      writeAlternatives(folder, file, edits!)
    const options = { cwd: folder, encoding: 'utf8' as const, env: { ...process.env, NODE_ENV: 'production' } }
    const { status, stdout, stderr } = spawnSync(process.execPath, ['node_modules/vite/bin/vite.js', 'build'], options)
    if (status !== 0) throw new Error(`The pages with all edits could not be built:\n${stdout}\n${stderr}`)
    renameSync(join(folder, 'build'), built)
    return built
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** On the server the choice is in the environment, in a browser the journey sets it. */
const CHOICE = `export const mutant = globalThis.process?.env?.PORTICO_MUTANT ?? globalThis.PORTICO_MUTANT\n`

function digest(rows: Mutation[]): string {
  const hash = createHash('sha256')
  const inPages = (file: string) =>
    isPageFile(file) || /^src\/.*\/(rules|contract)\.ts$|^locales\/|^(vite\.config|package-lock)/.test(file)
  for (const file of listFiles().filter(inPages)) hash.update(`${file}\0`).update(readText(root, file))
  hash.update(JSON.stringify(rows.map(({ name, file, from, to }) => [name, file, from, to])))
  return hash.update(readText(root, 'test/mutations/pages.ts')).digest('hex').slice(0, 16)
}

/** Writes the original and each edit beside the file, and the choice in its place. */
function writeAlternatives(folder: string, file: string, rows: Mutation[]): void {
  const text = readText(folder, file)
  const [, name = '', extension = ''] = /^\+?(.*?)(\.js|\.ts|\.svelte|\.svelte\.ts)$/.exec(basename(file))!
  const write = (suffix: string, content: string) =>
    writeFileSync(join(folder, dirname(file), `${name}.${suffix}${extension}`), content)
  write('original', text)
  rows.forEach((row, index) => write(`mutant${index}`, applyEdit(row, text)))
  const cases = rows.map((row, index) => `${JSON.stringify(row.name)}: mutant${index}`)
  // A script of src/web/static is not bundled.
  if (extension === '.js') return writeFileSync(join(folder, file), importChosen(name, rows))
  const imports = (form: (as: string) => string) =>
    ['original', ...rows.keys()].map((key) => {
      const suffix = typeof key === 'number' ? `mutant${key}` : key
      return `import ${form(suffix)} from './${name}.${suffix}${extension}'`
    })
  const choice = relative(dirname(file), 'src/mutant.js').replaceAll('\\', '/')
  const choose = [
    `import { mutant } from '${choice.startsWith('.') ? choice : `./${choice}`}'`,
    `const Chosen = { ${cases.join(', ')} }[mutant] ?? original`,
  ]
  const lines =
    extension === '.svelte'
      ? ['<script>', ...imports((as) => as), ...choose, 'const props = $props()', '</script>', '<Chosen {...props} />']
      : [
          ...imports((as) => `* as ${as}`),
          ...choose,
          ...exportsOf(text).map((each) => `export const ${each} = Chosen.${each}`),
        ]
  writeFileSync(join(folder, file), `${lines.join('\n')}\n`)
}

const importChosen = (name: string, rows: Mutation[]): string =>
  `const mutants = ${JSON.stringify(rows.map((row) => row.name))}
const index = mutants.indexOf(globalThis.PORTICO_MUTANT)
await import(index < 0 ? './${name}.original.js' : \`./${name}.mutant\${index}.js\`)\n`

/** Names of the values that a module exports. */
function exportsOf(text: string): string[] {
  const source = ts.createSourceFile('module.ts', text, ts.ScriptTarget.Latest)
  return source.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) return exportedNames(statement)
    const isExported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    if (!isExported) return []
    if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) return [statement.name!.text]
    if (!ts.isVariableStatement(statement)) return []
    return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []))
  })
}

/** Names of the values in `export { a, b }` and `export { a } from '…'`; types have none. */
function exportedNames({ isTypeOnly, exportClause }: ts.ExportDeclaration): string[] {
  if (isTypeOnly || !exportClause || !ts.isNamedExports(exportClause)) return []
  return exportClause.elements.filter((each) => !each.isTypeOnly).map((each) => each.name.text)
}
