/** Writes db/schema.gen.ts from a freshly migrated database; `--verify` only says whether it is current. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '../src/platform/database/embedded.ts'
import { ensureDatabase, migrate } from '../src/platform/database/migrate.ts'
import { ROLES, type RolePasswords } from '../src/platform/database/roles.ts'

const DATABASE = 'portico'

const folder = await mkdtemp(join(tmpdir(), 'portico-codegen-'))
const server = await startEmbedded({ folder, settings: { fsync: 'off' } })
try {
  const admin = { host: server.host, port: server.port, user: server.user, database: DATABASE }
  const passwords = Object.fromEntries(ROLES.map((role) => [role, randomBytes(16).toString('hex')])) as RolePasswords
  await ensureDatabase(admin)
  await migrate({ admin, passwords, folder: join(import.meta.dirname, 'migrations') })
  process.exitCode = writeTypes(`postgres://${server.user}@localhost:${server.port}/${DATABASE}?host=${server.host}`)
} finally {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
}

/** Answers the exit code. */
function writeTypes(url: string): number {
  const verify = process.argv.includes('--verify') ? ['--verify'] : []
  const { status } = spawnSync(
    process.execPath,
    [
      join(import.meta.dirname, '../node_modules/kysely-codegen/dist/cli/bin.js'),
      ...['--dialect', 'postgres', '--url', url, '--default-schema', 'public'],
      ...['--out-file', join(import.meta.dirname, 'schema.gen.ts'), ...verify],
    ],
    { stdio: 'inherit' },
  )
  return status ?? 1
}
