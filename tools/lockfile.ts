/** Reads package-lock.json: which packages a package reaches, and where Node finds them. */

export interface Lockfile {
  packages: Record<string, LockfileEntry>
}

export interface LockfileEntry {
  version?: string
  dev?: boolean
  devOptional?: boolean
  engines?: Record<string, string>
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

/** The packages of a lockfile that its root needs, directly or through others, in the order of the lockfile. */
export function reachablePackages(packages: Lockfile['packages']): Lockfile['packages'] {
  const reached = new Set<string>()
  const visit = (place: string): void => {
    if (reached.has(place)) return
    reached.add(place)
    const { dependencies, optionalDependencies } = packages[place]!
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const found = findPackage(packages, place, name)
      if (found !== undefined) visit(found)
    }
  }
  visit('')
  return Object.fromEntries(
    Object.entries(packages)
      .filter(([place]) => reached.has(place))
      .map(([place, { dev: _, devOptional: __, ...entry }]) => [place, entry]),
  )
}

/** Where Node finds package `name` from the package at `place`: in the nearest node_modules folder. */
export function findPackage(packages: Lockfile['packages'], place: string, name: string): string | undefined {
  for (let from = place; ; from = from.slice(0, Math.max(from.lastIndexOf('node_modules/') - 1, 0))) {
    const candidate = `${from === '' ? '' : `${from}/`}node_modules/${name}`
    if (candidate in packages) return candidate
    if (from === '') return undefined
  }
}
