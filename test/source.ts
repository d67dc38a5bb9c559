/** Source files, their imports and their layers, for the architecture tests. */
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '..')
export const read = (file: string) => readFileSync(join(root, file), 'utf8')

/** All source files except generated ones, as paths from the root. */
export const files = globSync('{src,demo,test,db,bench,tools}/**/*.{ts,svelte,js,mjs}', { cwd: root })
  .filter((file) => !file.endsWith('.gen.ts'))
  .sort()

/** Files of the product, without tests. */
export const product = files.filter((file) => file.startsWith('src/') && !/\.(test|fixtures)\.ts$/.test(file))

export interface Import {
  /** The specifier as written. */
  from: string
  typesOnly: boolean
  dynamic: boolean
  /** The file inside the project, null for a package. */
  target: string | null
}

const STATEMENT =
  /^\s*(?:import|export)\s+(type\s)?[^'"]*?from\s+['"]([^'"]+)['"]|import\(['"]([^'"]+)['"]\)|^\s*import\s+['"]([^'"]+)['"]/gm

const importCache = new Map<string, Import[]>()

export function importsOf(file: string): Import[] {
  let imports = importCache.get(file)
  if (imports) return imports
  imports = [...read(file).matchAll(STATEMENT)].map(([, type, named, dynamic, bare]) => {
    const from = named ?? dynamic ?? bare!
    const target = from.startsWith('.') ? relative(root, resolve(root, dirname(file), from)) : null
    return { from, typesOnly: type !== undefined, dynamic: dynamic !== undefined, target }
  })
  importCache.set(file, imports)
  return imports
}

export type Layer =
  | 'db'
  | 'platform'
  | 'ui'
  | 'paths'
  | 'error-texts'
  | 'features'
  | 'features/ui'
  | 'config'
  | 'app'
  | 'main'
  | 'web'
  | 'web/routes'
  | 'demo'
  | 'outside'

export function layerOf(file: string): Layer {
  if (file.startsWith('db/')) return 'db'
  if (file.startsWith('demo/')) return 'demo'
  if (file.startsWith('src/platform/')) return 'platform'
  if (file.startsWith('src/ui/')) return 'ui'
  if (file.startsWith('src/web/routes/')) return 'web/routes'
  if (file.startsWith('src/web/')) return 'web'
  if (/^src\/features\/.*\/ui\//.test(file)) return 'features/ui'
  if (file.startsWith('src/features/')) return 'features'
  if (/^src\/(operations|app-pages|app-inbound)\.ts$/.test(file)) return 'app'
  if (file === 'src/cli.ts') return 'main'
  const single = /^src\/(paths|error-texts|config|app|main)\.ts$/.exec(file)?.[1]
  return (single as Layer | undefined) ?? 'outside'
}

/** The kind of file: `queries`, `handlers`, `rules` … */
export const roleOf = (file: string) => basename(file).replace(/\.(ts|svelte)$/, '')

/** The feature a file belongs to: `jobs`. */
export const featureOf = (file: string) => file.split('/')[2] ?? ''
