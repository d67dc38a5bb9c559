/** The form actions of all pages, found in their source. */
import { globSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { readText, root, type Mutation } from './mutation.ts'

export interface FormAction {
  /** The page and the action: `/office/[account]/profile?/name`. */
  name: string
  /** Where the action is written, from the root, with the range of its text. */
  file: string
  start: number
  end: number
}

export function listFormActions(): FormAction[] {
  const pages = globSync('src/web/routes/**/+page.server.ts', { cwd: root }).sort()
  return pages.flatMap((page) => {
    const address = dirname(page).replace('src/web/routes', '')
    return findActions(page, 'actions').map(({ key, ...place }) => ({ name: `${address}?/${key}`, ...place }))
  })
}

/** Whether the edit of a row is inside the action. */
export function editsAction(row: Mutation, { file, start, end }: FormAction): boolean {
  if (row.file !== file) return false
  const position = readText(root, file).indexOf(row.from)
  return position >= start && position + row.from.length <= end
}

/** The properties of an object that a file exports, or that it has from another file under another name. */
function findActions(file: string, exported: string): { key: string; file: string; start: number; end: number }[] {
  const source = ts.createSourceFile(file, readText(root, file), ts.ScriptTarget.Latest, true)
  const declaration = source.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => [...declarationList.declarations])
    .find(({ name }) => name.getText() === exported)
  const value = declaration?.initializer
  if (!value) return []
  if (ts.isIdentifier(value)) return findActions(importOf(source, file, value.text), value.text)
  if (!ts.isObjectLiteralExpression(value)) throw new Error(`${file}: ${exported} is neither an object nor imported`)
  return value.properties.flatMap((property) => {
    if (ts.isSpreadAssignment(property)) {
      const name = property.expression.getText()
      return findActions(importOf(source, file, name), name)
    }
    const key = property.name!.getText()
    if (ts.isPropertyAssignment(property) && ts.isIdentifier(property.initializer)) {
      const home = importOf(source, file, property.initializer.text)
      return [{ key, file: home, start: 0, end: readText(root, home).length }]
    }
    return [{ key, file, start: property.getStart(), end: property.getEnd() }]
  })
}

function importOf(source: ts.SourceFile, file: string, name: string): string {
  const found = source.statements
    .filter(ts.isImportDeclaration)
    .find(({ importClause }) => new RegExp(`\\b${name}\\b`).test(importClause?.getText() ?? ''))
  if (!found) throw new Error(`${file}: ${name} is not imported`)
  return relative(root, join(root, dirname(file), (found.moduleSpecifier as ts.StringLiteral).text))
}
