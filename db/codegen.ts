/** Writes db/schema.gen.ts from a freshly migrated database; `--verify` only says whether it is current. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { openWorld } from '../test/database.ts'

const world = await openWorld()
const { host, port, user, password } = world.admin
const url = `postgres://${user}${password ? `:${password}` : ''}@${host.startsWith('/') ? 'localhost' : host}:${port}/${world.template}${host.startsWith('/') ? `?host=${host}` : ''}`
const { status } = spawnSync(
  process.execPath,
  [
    join(import.meta.dirname, '../node_modules/kysely-codegen/dist/cli/bin.js'),
    '--dialect',
    'postgres',
    '--url',
    url,
    '--out-file',
    join(import.meta.dirname, 'schema.gen.ts'),
    '--default-schema',
    'public',
    ...(process.argv.includes('--verify') ? ['--verify'] : []),
  ],
  { stdio: 'inherit' },
)
await world.close()
process.exit(status ?? 1)
