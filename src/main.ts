/** portico serve | work | migrate | demo | import | openapi — the only process entry. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { asSystem, createApp } from './app.ts'
import { contracts } from './operations.ts'
import { readConfig, type Config } from './config.ts'
import { importFile } from './features/imports/handlers.ts'
import { systemClock } from './platform/clock.ts'
import { startEmbedded, type EmbeddedServer } from './platform/database/embedded.ts'
import { defaultDataFolder } from './platform/database/embedded/folders.ts'
import { asRole, ensureDatabase, migrate, ROLES, type Role } from './platform/database/migrate.ts'
import { openPool, type Connect } from './platform/database/pool.ts'
import { createDiskStore, type FileStore } from './platform/files.ts'
import { createTranslations } from './platform/i18n.ts'
import { createLog, type Log } from './platform/log.ts'
import { openApiDocument } from './platform/openapi/document.ts'
import { formatDocument } from './platform/openapi/format.ts'
import { deriveKey } from './platform/secrets.ts'

const root = join(import.meta.dirname, '..')
const version = (JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }).version

const [command = 'serve', ...rest] = process.argv.slice(2)
const commands: Record<string, () => Promise<void>> = {
  serve,
  work: () => serve({ background: true }),
  migrate: runMigrate,
  demo: runDemo,
  import: runImport,
  openapi,
}

/** The database this process uses, if it is the embedded one. */
let embedded: EmbeddedServer | null = null
const run = commands[command]
if (!run) {
  console.error(`portico: unknown command "${command}". Commands: ${Object.keys(commands).join(', ')}`)
  process.exitCode = 2
} else {
  await run().catch(async (error: unknown) => {
    console.error(`portico ${command}: ${(error as Error).message}`)
    if (process.env.LOG_LEVEL === 'debug') console.error(error)
    // A port that is taken, a changed migration: nobody is left to stop the database but us.
    await embedded?.stop().catch(() => {})
    process.exit(1)
  })
}

async function serve({ background = false } = {}): Promise<void> {
  const config = readConfig()
  const log = createLog({ level: config.logLevel })
  const place = await openPlace(config, log)
  await migrate({
    admin: place.admin,
    passwords: place.passwords,
    folder: join(root, 'db/migrations'),
    log: (line) => log.info(line),
  })
  const app = await createApp({
    config,
    clock: systemClock,
    translations: createTranslations(join(root, 'locales'), { strict: false }),
    log,
    version,
    strict: false,
    connect: connections(place),
    folder: join(place.folder, 'files'),
    demo: rest.includes('--demo'),
    pages: background ? null : join(root, 'build'),
    serve: !background,
  })
  const demo = rest.includes('--demo') && !background
  const loaded = demo && (await demoOf(app.pools.system, app.files, config)).length > 0
  let stopping = false
  const stop = async (signal: string) => {
    if (stopping) return
    stopping = true
    log.info({ signal }, 'stopping after open requests have finished')
    await app.stop().catch((error: unknown) => log.error({ err: error }, 'stopping failed'))
    await place.embedded?.stop()
    process.exit(0)
  }
  process.once('SIGINT', () => void stop('SIGINT'))
  process.once('SIGTERM', () => void stop('SIGTERM'))
  await app.listen()
  if (background) return
  if (demo) {
    const { demoWelcome } = await import('../demo/demo.ts')
    console.log(demoWelcome(config, loaded))
    return
  }
  console.log(`\nPortico is running at ${config.publicUrl.href}\n`)
  const setUp = await app.offerSetUp()
  if (setUp)
    console.log(
      `Create your business and its owner account with this link. It can be used once and expires in 7 days:\n\n  ${setUp}\n`,
    )
}

// Imported when wanted: an installation without the demo has nothing of it in memory.
async function demoOf(pool: Parameters<typeof asSystem>[0], files: FileStore, config: Config): Promise<string[]> {
  const { loadDemo } = await import('../demo/demo.ts')
  return loadDemo({ pool, files, now: systemClock.now(), host: config.publicUrl.hostname })
}

/** Loads the demo's businesses where they are missing. */
async function runDemo(): Promise<void> {
  const config = readConfig()
  await withDatabase(config, async ({ pool, files }) => {
    const loaded = await demoOf(pool, files, config)
    console.log(loaded.length > 0 ? `Demo data loaded: ${loaded.join(', ')}.` : 'The demo data is already loaded.')
  })
}

/** portico import jobs|customers FILE …: rows on stdout (dry run) and one closing line, progress on stderr, 1 when rows were rejected. */
async function runImport(): Promise<void> {
  const translations = createTranslations(join(root, 'locales'), { strict: false })
  const say = (key: string, vars?: Record<string, string | number>) => translations.t('en', `imports.${key}`, vars)
  let given
  try {
    given = parseArgs({
      args: rest,
      allowPositionals: true,
      options: {
        account: { type: 'string' },
        customer: { type: 'string' },
        map: { type: 'string' },
        rejects: { type: 'string' },
        chunk: { type: 'string', default: '200' },
        'dry-run': { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${say('usage')}`, { cause: error })
  }
  const {
    values: { account, customer, map, rejects, chunk, 'dry-run': dryRun },
    positionals: [kind, file, ...more],
  } = given
  const rows = Number(chunk)
  if (
    (kind !== 'jobs' && kind !== 'customers') ||
    !file ||
    more.length > 0 ||
    !account ||
    !map ||
    !(rows >= 1 && rows <= 1000) ||
    (kind === 'customers' && customer)
  )
    throw new Error(`\n${say('usage')}`)
  const mapping = /^\s*\{|=/.test(map) ? map : await readFile(map, 'utf8')
  await withDatabase(readConfig(), async ({ pool }) => {
    let shown = ''
    const counts = await importFile({
      kind,
      file,
      account,
      customer,
      map: mapping,
      dryRun,
      chunk: rows,
      rejects,
      translate: say,
      now: systemClock.now,
      transact: (work) => asSystem(pool, `import of ${kind} into ${account}`, work),
      printOutcome: (line) => console.log(line),
      reportProgress: (now) => {
        shown = say('progress', now)
        process.stderr.write(process.stderr.isTTY ? `\r${shown}` : `${shown}\n`)
      },
    })
    if (process.stderr.isTTY && shown) process.stderr.write('\n')
    const closing = [say(dryRun ? 'doneDry' : 'done', { progress: say('progress', counts) })]
    if (counts.rejected > 0 && !dryRun)
      closing.push(rejects === undefined ? say('rejectedHint') : say('rejectedIn', { file: rejects }))
    // In a dry run stdout is the table and nothing else.
    console[dryRun ? 'error' : 'log'](closing.join('\n'))
    if (counts.rejected > 0) process.exitCode = 1
  })
}

/** For commands that do one thing past account isolation and end: a migrated database, as portico_system. */
async function withDatabase(
  config: Config,
  work: (place: { pool: ReturnType<typeof openPool>; files: FileStore }) => Promise<void>,
): Promise<void> {
  const place = await openPlace(config, createLog({ level: 'warn' }))
  try {
    await migrate({ admin: place.admin, passwords: place.passwords, folder: join(root, 'db/migrations') })
    const pool = openPool(connections(place).system, { max: 2, name: `portico ${command}` })
    await work({ pool, files: createDiskStore(join(place.folder, 'files')) }).finally(() => pool.end())
  } finally {
    // The last one out stops it: a server that others use goes on.
    await place.embedded?.stop()
  }
  await written('')
  process.exit(process.exitCode ?? 0)
}

/** A pipe takes its time: what is not written when the process ends is cut off. */
function written(text: string): Promise<unknown> {
  return new Promise((resolve) => process.stdout.write(text, resolve))
}

/** portico migrate [--accept-wider]: the option is consent to upgrades that let people see or do more than before. */
async function runMigrate(): Promise<void> {
  const { values } = parseArgs({ args: rest, options: { 'accept-wider': { type: 'boolean', default: false } } })
  const config = readConfig()
  const place = await openPlace(config, createLog({ level: 'warn' }))
  const done = await migrate({
    admin: place.admin,
    passwords: place.passwords,
    folder: join(root, 'db/migrations'),
    log: console.log,
    acceptWider: values['accept-wider'],
  })
  console.log(done.length === 0 ? 'The database is up to date.' : `Migrations applied: ${done.length}.`)
  if (place.embedded && !place.embedded.adopted) await place.embedded.stop()
  process.exit(0)
}

/** Prints the OpenAPI document made from the contracts. Needs no database. */
async function openapi(): Promise<void> {
  const operations = Object.entries(contracts).map(([name, definition]) => ({ name, definition }))
  await written(formatDocument(openApiDocument(operations, version)))
  process.exit(0)
}

interface Place {
  admin: Connect
  passwords: Record<Role, string>
  folder: string
  embedded: EmbeddedServer | null
}

/** The database and the secret: given, or started and made here. */
async function openPlace(config: Config, log: Log): Promise<Place> {
  const folder = config.folder ?? defaultDataFolder(root)
  await mkdir(folder, { recursive: true })
  const secret = config.secret ?? (await keptSecret(folder))
  const passwords = Object.fromEntries(
    ROLES.map((role) => [role, deriveKey(secret, `database role ${role}`).toString('base64url')]),
  ) as Record<Role, string>
  if (config.database) return { admin: config.database, passwords, folder, embedded: null }
  embedded = await startEmbedded({ folder, log: (line) => log.info(line) })
  const admin: Connect = { host: embedded.host, port: embedded.port, user: embedded.user, database: 'portico' }
  await ensureDatabase(admin)
  return { admin, passwords, folder, embedded }
}

function connections({ admin, passwords }: Place) {
  return {
    app: asRole(admin, 'portico_app', passwords),
    system: asRole(admin, 'portico_system', passwords),
  }
}

/** Made once with the first embedded start; readable by its owner only. */
async function keptSecret(folder: string): Promise<string> {
  const file = join(folder, 'secret')
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    const secret = randomBytes(32).toString('base64url')
    await writeFile(file, `${secret}\n`, { mode: 0o600, flag: 'wx' }).catch(async () => chmod(file, 0o600))
    return (await readFile(file, 'utf8')).trim()
  }
}
