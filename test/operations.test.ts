/** Rules for every operation and every migration. */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { contracts } from '../src/operations.ts'
import { widening } from '../src/platform/database/migrate.ts'
import type { Definition } from '../src/platform/operation.ts'
import { read, root } from './source.ts'

const operations = Object.entries(contracts) as [string, Definition][]

describe('operations', () => {
  it('A1 declare their surface, audience and summary, and a GET never writes', () => {
    const wrong = operations.flatMap(([name, each]) => [
      ...(!/^\/(portal\/\{portal\}|office\/\{account\}|people|platform)(\/|$)/.test(each.path)
        ? [`${name}: ${each.path} begins with no audience`]
        : []),
      ...(each.audience.length === 0 ? [`${name}: nobody may call it`] : []),
      ...(each.summary.length < 5 ? [`${name}: needs a summary`] : []),
      ...(each.method === 'GET' && each.writes ? [`${name}: a GET never writes`] : []),
      ...(each.creates && !each.writes ? [`${name}: creates without writes`] : []),
      ...(!/^[a-z]+[A-Z]\w*$/.test(name) ? [`${name}: verb + noun`] : []),
      ...(each.path.startsWith('/office') && each.audience.some((who) => who !== 'staff' && who !== 'anonymous')
        ? [`${name}: the office is for staff`]
        : []),
      ...(each.path.startsWith('/portal') && each.audience.some((who) => who === 'staff')
        ? [`${name}: staff do not call portal operations`]
        : []),
    ])
    expect(wrong).toEqual([])
  })

  it('PS-38 PS-08 only the reviewed operations allow calls without a session', () => {
    expect(
      operations
        .filter(([, each]) => each.audience.includes('anonymous'))
        .map(([name]) => name)
        .sort(),
    ).toMatchSnapshot()
  })

  it('openapi.json is current', () => {
    const { stdout } = spawnSync(process.execPath, ['src/main.ts', 'openapi'], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 50_000_000,
    })
    expect(
      existsSync(join(root, 'openapi.json')) && read('openapi.json') === stdout ? 'current' : 'run: npm run openapi',
    ).toBe('current')
  })
})

/** The last migration of the first set. Later ones declare the access they widen. */
const FOUNDATION = '0011_callers.sql'

describe('migrations', () => {
  it('PS-60 declare whether they widen access, if they follow the first set', () => {
    const silent = globSync('db/migrations/*.sql', { cwd: root }).filter(
      (file) =>
        basename(file) > FOUNDATION &&
        /protect_tenant_table|protect_directory_table|\bcreate\s+policy\b|\balter\s+policy\b|\bgrant\b|\bsecurity\s+definer\b/i.test(
          read(file),
        ) &&
        widening(read(file)) === undefined,
    )
    expect(silent.map((file) => `${file}: begin it with "-- widens: <one sentence>" or "-- widens: nothing"`)).toEqual(
      [],
    )
  })
})
