/** The release's list of all packages in it, in the CycloneDX format, which scanners for known faults read. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findPackage, type Lockfile, type LockfileEntry } from './lockfile.ts'

/**
 * Writes `folder`/sbom.cdx.json: the packages in the release's own files and those that `npm ci` installs there, with versions
 * and licenses. It is made from a lockfile that holds exactly these, not ours: that also has what only builds the pages.
 * @param bundled places of packages in our lockfile, such as node_modules/zod
 */
export async function writeSbom(root: string, folder: string, bundled: readonly string[]): Promise<void> {
  const all = await readJson<Lockfile>(join(root, 'package-lock.json'))
  const installed = await readJson<Lockfile>(join(folder, 'package-lock.json'))
  const manifest = await readJson<LockfileEntry>(join(folder, 'package.json'))
  const shipped = new Set([...bundled, ...Object.keys(installed.packages)])
  const places = Object.keys(all.packages).filter((place) => shipped.has(place) && place !== '')
  const direct = places.filter((place) => isDirect(all.packages[''], nameAt(place), place))
  const dependencies = Object.fromEntries(direct.map((place) => [nameAt(place), all.packages[place]!.version!]))
  const own = { ...manifest, dependencies }
  const packages = Object.fromEntries(places.map((place) => [place, shippedEntry(all.packages, place, shipped)]))

  const temporary = await mkdtemp(join(tmpdir(), 'portico-sbom-'))
  try {
    await writeFile(join(temporary, 'package.json'), JSON.stringify(own))
    await writeFile(
      join(temporary, 'package-lock.json'),
      JSON.stringify({ ...all, packages: { '': own, ...packages } }),
    )
    const program = join(root, 'node_modules/@cyclonedx/cyclonedx-npm/bin/cyclonedx-npm-cli.js')
    const options = [
      '--package-lock-only',
      '--flatten-components',
      '--output-reproducible',
      '--validate',
      '--spec-version',
      '1.6',
    ]
    const output = ['--output-file', join(folder, 'sbom.cdx.json')]
    await promisify(execFile)(process.execPath, [program, ...options, ...output], { cwd: temporary })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

const nameAt = (place: string): string => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)

/** Whether our package.json names the package: others are reached through these. */
const isDirect = (root: LockfileEntry | undefined, name: string, place: string): boolean =>
  place === `node_modules/${name}` && name in { ...root?.dependencies, ...root?.devDependencies }

/** An entry of the lockfile without the packages that are not in the release. */
function shippedEntry(packages: Lockfile['packages'], place: string, shipped: ReadonlySet<string>): LockfileEntry {
  const { dev: _, devOptional: __, peerDependencies: ___, ...entry } = packages[place]!
  const onlyShipped = (names: Record<string, string> = {}) =>
    Object.fromEntries(
      Object.entries(names).filter(([name]) => shipped.has(findPackage(packages, place, name) ?? 'missing')),
    )
  return {
    ...entry,
    dependencies: onlyShipped(entry.dependencies),
    optionalDependencies: onlyShipped(entry.optionalDependencies),
  }
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T
}
