/** `dependencies` are what the running product is made of, so that a scanner of package.json or the lockfile sees it all. */
import { expect, it } from 'vitest'
import { files, importsOf, product, read } from './source.ts'

const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }

/** `@scope/name/file` and `name/file` without the file; undefined for our own files and for Node. */
const packageOf = (specifier: string): string | undefined =>
  /^(?:node:|\.|\$)/.test(specifier) ? undefined : /^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0]

/** Packages that the product or its demo imports, or whose data files it opens. */
function importedPackages(): string[] {
  const sources = [...product, 'db/schema.gen.ts', ...files.filter((file) => file.startsWith('demo/'))]
  const specifiers = sources.flatMap((file) => [
    ...importsOf(file).map(({ from }) => from),
    ...[...read(file).matchAll(/\.resolve\('([^']+)'\)/g)].map(([, path]) => path!),
  ])
  return [...new Set(specifiers.map(packageOf).filter((name) => name !== undefined))].sort()
}

it('the dependencies are the packages that the product imports, at exact versions', () => {
  expect(Object.keys(dependencies).sort()).toEqual(importedPackages())
  expect(Object.values(dependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
})
