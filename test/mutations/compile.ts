/** Checks the types of edited server files: an edit that does not compile would fail any test. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { applyEdit, readText, root, type Mutation } from './mutation.ts'

/** What the compiler says about the edited files, one line for each error. Files of pages are left to their build. */
export function findTypeErrors(rows: Mutation[]): string[] {
  const config = ts.readConfigFile(join(root, 'tsconfig.server.json'), (path) => readFileSync(path, 'utf8'))
  const { fileNames, options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root)
  const edited = new Map<string, string>()
  const versions = new Map<string, number>()
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => fileNames,
    getScriptVersion: (path) => String(versions.get(path) ?? 0),
    getScriptSnapshot: (path) => {
      const text = edited.get(path) ?? ts.sys.readFile(path)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: ts.sys.fileExists,
    readFile: ts.sys.readFile,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
    readDirectory: ts.sys.readDirectory,
  })
  const setText = (path: string, text: string | null) => {
    if (text === null) edited.delete(path)
    else edited.set(path, text)
    versions.set(path, (versions.get(path) ?? 0) + 1)
  }
  return inLayers(rows.filter(({ file }) => fileNames.includes(join(root, file)))).flatMap((layer) => {
    const paths = layer.map(({ file }) => join(root, file))
    layer.forEach((row, index) => setText(paths[index]!, applyEdit(row, readText(root, row.file))))
    const errors = layer.flatMap(({ name }, index) =>
      [...service.getSyntacticDiagnostics(paths[index]!), ...service.getSemanticDiagnostics(paths[index]!)].map(
        ({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
      ),
    )
    for (const path of paths) setText(path, null)
    return errors
  })
}

/** Rows that edit different files are checked at once: a program costs much more than one file of it. */
function inLayers(rows: readonly Mutation[]): Mutation[][] {
  const layers: Mutation[][] = []
  for (const row of rows) {
    const layer = layers.find((each) => each.every(({ file }) => file !== row.file))
    if (layer) layer.push(row)
    else layers.push([row])
  }
  return layers
}
