/** The only process entry: runs the command that cli.ts read. */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { asSystem, createApp, type App } from './app.ts'
import { explainError, helpText, readCommandLine, type CommandLine, type CommandName } from './cli.ts'
import { contracts, STORAGE_KEY_COLUMNS } from './operations.ts'
import { readConfig, type Config } from './config.ts'
import { importFile, type ImportOptions } from './features/imports/handlers.ts'
import { systemClock } from './platform/clock.ts'
import { checkConnection, type Connect } from './platform/database/connect.ts'
import { startEmbedded } from './platform/database/embedded.ts'
import { defaultDataFolder } from './platform/database/embedded/folders.ts'
import { ensureDatabase, migrate } from './platform/database/migrate.ts'
import { openPool } from './platform/database/pool.ts'
import { asRole, ROLES, type RolePasswords } from './platform/database/roles.ts'
import { createDiskStore, type FileStore } from './platform/files.ts'
import { createTranslations } from './platform/i18n.ts'
import { createLog, type Log } from './platform/log.ts'
import { openApiDocument } from './platform/openapi/document.ts'
import { formatDocument } from './platform/openapi/format.ts'
import { readOrCreateSecret } from './platform/secret-file.ts'
import { deriveKey } from './platform/secrets.ts'
import { createShutdown } from './platform/shutdown.ts'

const root = join(import.meta.dirname, '..')
const version = (JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }).version

const commands: Record<CommandName, () => Promise<void>> = {
  serve,
  work: () => serve({ background: true }),
  migrate: runMigrate,
  demo: runDemo,
  import: runImport,
  backup: () => runArchiveCommand('runBackup'),
  restore: () => runArchiveCommand('runRestore'),
  openapi,
  help: () => printAndEnd(helpText(version, process.argv[1]?.endsWith('portico.mjs') ?? false)),
  version: () => printAndEnd(`${version}\n`),
}

let serverLog: Log | undefined
const shutdown = createShutdown((reason) => {
  serverLog?.info({ signal: reason }, 'stopping after open requests have finished')
  return serverLog ? 0 : 130
})
// Unheard, it would end a server whose log is on a full disk. Commands fail with it in written().
let outputError: Error | undefined
process.stdout.on('error', (error: NodeJS.ErrnoException) => (outputError ??= error))
const { command, flags, rest } = readOrRefuse()
await commands[command]().catch(async (error: unknown) => {
  if (shutdown.isExiting()) return
  console.error(`portico ${command}: ${explainError(error as NodeJS.ErrnoException)}`)
  if (process.env.LOG_LEVEL === 'debug') console.error(error)
  await shutdown.exit(1)
})

function readOrRefuse(): CommandLine {
  try {
    return readCommandLine(process.argv.slice(2))
  } catch (error) {
    console.error(`portico: ${(error as Error).message}. See also: help`)
    process.exit(2)
  }
}

async function serve({ background = false } = {}): Promise<void> {
  const config = readConfig()
  const log = createLog({ level: config.logLevel, format: logFormat(config) })
  serverLog = log
  for (const warning of config.warnings) log.warn(warning)
  const installation = await openInstallation(config, log)
  await migrate({
    admin: installation.admin,
    passwords: installation.passwords,
    folder: join(root, 'db/migrations'),
    log: (line) => log.info(line),
  })
  // Imported on demand, so that an installation without the demo does not load it.
  const demo = flags.has('demo') ? await import('../demo/sign-ins.ts') : null
  const app = await createApp({
    config,
    clock: systemClock,
    translations: createTranslations(join(root, 'locales'), { strict: false }),
    log,
    version,
    strict: false,
    connect: connections(installation),
    folder: join(installation.folder, 'files'),
    secret: installation.secret,
    demo: demo?.demoGuide(config) ?? null,
    pages: background ? null : join(root, 'build'),
    serve: !background,
  })
  const loaded = demo && !background && (await loadDemoData(app.pools.system, app.files, config)).length > 0
  shutdown.add(() => app.stop().catch((error: unknown) => log.error({ err: error }, 'stopping failed')))
  await app.listen()
  if (background) return
  // After the last line of the start: with a terminal, what to do next is what one sees.
  console.log(demo ? demo.demoWelcome(config, Boolean(loaded)) : await welcomeText(config, app))
}

async function welcomeText(config: Config, app: App): Promise<string> {
  const running = `\nPortico is running at ${config.publicUrl.href}\n`
  const setUp = await app.offerSetUp()
  if (!setUp) return running
  return `${running}\nCreate your business and its owner account with this link. It can be used once and expires in 7 days:\n\n  ${setUp}\n`
}

// On demand as well.
async function loadDemoData(pool: Parameters<typeof asSystem>[0], files: FileStore, config: Config): Promise<string[]> {
  const { loadDemo } = await import('../demo/demo.ts')
  return loadDemo({ pool, files, now: systemClock.now(), host: config.publicUrl.hostname })
}

/** Loads the demo's businesses where they are missing. */
async function runDemo(): Promise<void> {
  const config = readConfig()
  await withDatabase(config, async ({ pool, files }) => {
    const loaded = await loadDemoData(pool, files, config)
    console.log(loaded.length > 0 ? `Demo data loaded: ${loaded.join(', ')}.` : 'The demo data is already loaded.')
  })
}

/** portico import jobs|customers FILE …: rows on stdout (dry run) and one closing line, progress on stderr, 1 when rows were rejected. */
async function runImport(): Promise<void> {
  const translations = createTranslations(join(root, 'locales'), { strict: false })
  const translate: Translate = (key, vars) => translations.t('en', `imports.${key}`, vars)
  const options = readImportOptions(translate)
  const { kind, account, dryRun, rejects } = options
  const map = /^\s*\{|=/.test(options.map) ? options.map : await readFile(options.map, 'utf8')
  await withDatabase(readConfig(), async ({ pool }) => {
    let progress = ''
    const counts = await importFile({
      ...options,
      map,
      translate,
      now: systemClock.now,
      transact: (work) => asSystem(pool, `import of ${kind} into ${account}`, work),
      printOutcome: (line) => console.log(line),
      reportProgress: (now) => {
        progress = translate('progress', now)
        process.stderr.write(process.stderr.isTTY ? `\r${progress}` : `${progress}\n`)
      },
    })
    if (process.stderr.isTTY && progress) process.stderr.write('\n')
    const closing = [translate(dryRun ? 'doneDry' : 'done', { progress: translate('progress', counts) })]
    if (counts.rejected > 0 && !dryRun)
      closing.push(rejects === undefined ? translate('rejectedHint') : translate('rejectedIn', { file: rejects }))
    // In a dry run stdout is the table and nothing else.
    console[dryRun ? 'error' : 'log'](closing.join('\n'))
    if (counts.rejected > 0) process.exitCode = 1
  })
}

type Translate = (key: string, vars?: Record<string, string | number>) => string

/** @throws Error with the usage when the arguments are incomplete or contradict each other */
function readImportOptions(
  translate: Translate,
): Pick<ImportOptions, 'kind' | 'file' | 'account' | 'customer' | 'map' | 'rejects' | 'chunk' | 'dryRun'> {
  const { values, positionals } = parseImportArguments(translate)
  const { account, customer, map, rejects, 'dry-run': dryRun } = values
  const [kind, file, ...more] = positionals
  const chunk = Number(values.chunk)
  const isChunk = chunk >= 1 && chunk <= 1000
  const namesCustomerTwice = kind === 'customers' && customer
  const isComplete = file && more.length === 0 && account && map && isChunk
  if ((kind !== 'jobs' && kind !== 'customers') || !isComplete || namesCustomerTwice)
    throw new Error(`\n${translate('usage')}`)
  return { kind, file, account, customer, map, rejects, chunk, dryRun }
}

function parseImportArguments(translate: Translate) {
  try {
    return parseArgs({
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
    throw new Error(`${(error as Error).message.split('. ')[0]}\n\n${translate('usage')}`, { cause: error })
  }
}

/** Runs `work` on a migrated database as portico_system, past account isolation, and ends the process. */
async function withDatabase(
  config: Config,
  work: (installation: { pool: ReturnType<typeof openPool>; files: FileStore }) => Promise<void>,
): Promise<void> {
  const installation = await openInstallation(config, createLog({ level: 'warn' }))
  await migrate({ admin: installation.admin, passwords: installation.passwords, folder: join(root, 'db/migrations') })
  const pool = openPool(connections(installation).system, { max: 2, name: `portico ${command}` })
  await work({ pool, files: createDiskStore(join(installation.folder, 'files')) }).finally(() => pool.end())
  await written('')
  await shutdown.exit(Number(process.exitCode ?? 0))
}

/**
 * Waits until a pipe has taken the text: what is not written when the process ends is cut off.
 * @throws what kept standard output from taking all of it so far, such as a full disk
 */
function written(text: string): Promise<void> {
  return new Promise((resolve, reject) =>
    process.stdout.write(text, (error) => (error ? reject(outputError ?? error) : resolve())),
  )
}

/** `--accept-wider` is consent to upgrades that let people see or do more than before. */
async function runMigrate(): Promise<void> {
  const config = readConfig()
  const installation = await openInstallation(config, createLog({ level: 'warn', format: logFormat(config) }))
  const done = await migrate({
    admin: installation.admin,
    passwords: installation.passwords,
    folder: join(root, 'db/migrations'),
    log: console.log,
    acceptWider: flags.has('accept-wider'),
  })
  console.log(done.length === 0 ? 'The database is up to date.' : `Migrations applied: ${done.length}.`)
  await shutdown.exit(0)
}

/** portico backup FILE and portico restore FILE; loaded on demand, because a server needs neither. */
async function runArchiveCommand(name: 'runBackup' | 'runRestore'): Promise<void> {
  const commands = await import('./platform/backup/commands.ts')
  await commands[name]({
    args: rest,
    open: () => openInstallation(readConfig(), createLog({ level: 'warn' })),
    keyColumns: STORAGE_KEY_COLUMNS,
    migrationsFolder: join(root, 'db/migrations'),
    version,
    now: systemClock.now(),
    onInterrupt: shutdown.add,
  })
  await printAndEnd('')
}

/** Prints the OpenAPI document made from the contracts. Needs no database. */
async function openapi(): Promise<void> {
  const operations = Object.entries(contracts).map(([name, definition]) => ({ name, definition }))
  await printAndEnd(formatDocument(openApiDocument(operations, version)))
}

async function printAndEnd(text: string): Promise<void> {
  await written(text)
  await shutdown.exit(0)
}

function logFormat(config: Config): 'json' | 'pretty' {
  return config.logFormat ?? (process.stdout.isTTY ? 'pretty' : 'json')
}

interface Installation {
  /** For migrations and backups. */
  admin: Connect
  /** Where requests and background work find the database: perhaps a pooler. */
  requests: Connect
  passwords: RolePasswords
  folder: string
  secret: string
}

/** The configured database and secret; without them, the embedded database and a secret of its own. */
async function openInstallation(config: Config, log: Log): Promise<Installation> {
  const folder = config.folder ?? defaultDataFolder(root)
  await mkdir(folder, { recursive: true })
  const secret = config.secret ?? (await readOrCreateSecret(folder))
  const passwords = Object.fromEntries(
    ROLES.map((role) => [role, deriveKey(secret, `database role ${role}`).toString('base64url')]),
  ) as RolePasswords
  if (config.database) {
    await checkConnection(config.database)
    if (config.directDatabase) await checkConnection(config.directDatabase, 'DATABASE_DIRECT_URL')
    return { admin: config.directDatabase ?? config.database, requests: config.database, passwords, folder, secret }
  }
  const starting = startEmbedded({ folder, log: (line) => log.info(line) })
  // It stops with its last user; others may still be using it.
  shutdown.add(async () => (await starting).stop())
  const { host, port, user } = await starting
  const admin: Connect = { host, port, user, database: 'portico' }
  await ensureDatabase(admin)
  return { admin, requests: admin, passwords, folder, secret }
}

function connections({ requests, passwords }: Installation) {
  return {
    app: asRole(requests, 'portico_app', passwords),
    system: asRole(requests, 'portico_system', passwords),
  }
}
