/** Copies of the working tree, in which files are edited and tests run. The tree itself is never written to. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './mutation.ts'

/** The files of the working tree as they are now, committed or not, without ignored ones. */
export function listFiles(): string[] {
  const options = { cwd: root, encoding: 'utf8' as const, maxBuffer: 64 * 1024 * 1024 }
  return execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], options)
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(root, file)))
}

/** Files that differ from where this branch left `base`, committed or not. */
export function listChangedFiles(base: string): Set<string> {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  const start = git('merge-base', base, 'HEAD')
  const changed = git('diff', '--name-only', start)
  const untracked = git('ls-files', '--others', '--exclude-standard')
  return new Set(`${changed}\n${untracked}`.split('\n').filter((file) => file !== ''))
}

export function copyTree(folder: string): void {
  for (const file of listFiles()) cpSync(join(root, file), join(folder, file))
  linkPackages(folder)
}

/** Each package is a link; the folder is our own, because tools keep caches in it and Kit writes `$app`. */
function linkPackages(folder: string): void {
  const packages = join(folder, 'node_modules')
  mkdirSync(packages, { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name.startsWith('.') && name !== '.bin' && name !== '.package-lock.json') continue
    if (name === '$app') cpSync(join(root, 'node_modules', name), join(packages, name), { recursive: true })
    else symlinkSync(join(root, 'node_modules', name), join(packages, name))
  }
}
