/** One node of a test server: the application with the settings of tests. */
import { join } from 'node:path'
import { demoGuide } from '../demo/sign-ins.ts'
import { createApp, type App } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import type { Clock } from '../src/platform/clock.ts'
import { asRole } from '../src/platform/database/roles.ts'
import { createTranslations } from '../src/platform/i18n.ts'
import { createLog } from '../src/platform/log.ts'
import type { World } from './database.ts'

export interface TestNode {
  world: World
  database: string
  /** The port in addresses; the first node listens on it. */
  port: number
  smtpPort: number
  env: Record<string, string>
  demo: boolean
  pages: string | null
  databaseAddress: { host: string; port: number } | undefined
}

const root = join(import.meta.dirname, '..')
const poolerPort = Number(process.env.TEST_POOLER_PORT)
const pooler = poolerPort ? { host: '127.0.0.1', port: poolerPort } : undefined

export async function startTestApp(
  node: TestNode,
  { clock, log, listenOn = node.port }: { clock: Clock; log(line: string): void; listenOn?: number },
): Promise<App> {
  const { world, database } = node
  const { host, port: databasePort } = node.databaseAddress ?? pooler ?? world.admin
  const admin = { ...world.admin, host, port: databasePort, database }
  const config = readConfig({
    PORT: String(node.port),
    SMTP_URL: `smtp://127.0.0.1:${node.smtpPort}`,
    REQUESTS_PER_MINUTE: '1000000',
    BUSY_AFTER: '60000',
    MAIL_FROM: 'portal@portico.example',
    ...node.env,
  })
  const app = await createApp({
    config,
    connect: {
      app: asRole(admin, 'portico_app', world.passwords),
      system: asRole(admin, 'portico_system', world.passwords),
    },
    clock,
    translations: createTranslations(join(root, 'locales'), { strict: true }),
    log: createLog({ level: 'info', to: { write: log } }),
    folder: join(world.folder, database, 'files'),
    secret: 'The secret of every server that the tests start.',
    version: '0.0.0-test',
    strict: true,
    demo: node.demo ? demoGuide(config) : null,
    pages: node.pages,
  })
  await app.http.listen({ port: listenOn, host: '127.0.0.1' })
  await app.inbound?.listen()
  return app
}
