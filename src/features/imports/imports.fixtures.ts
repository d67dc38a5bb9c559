/** Runs imports on the test's database, from files that a test writes. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { startTestServer, type Business } from '../../../test/test-server.ts'
import { createTranslations } from '../../platform/i18n.ts'
import { importFile, type ImportCounts, type ImportOptions } from './handlers.ts'

export const root = join(import.meta.dirname, '../../..')
export const SAMPLE_FILE = join(root, 'demo/samples/myla311.csv')
const SAMPLE_MAP = join(root, 'demo/samples/myla311.map.json')
const translations = createTranslations(join(root, 'locales'), { strict: true })

/** A folder for the files of this test file, removed afterwards. */
export function createImportFolder() {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'portico-import-'))
    await chmod(folder, 0o755)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  return {
    pathOf: (name: string) => join(folder, name),
    /** A CSV file of these rows; the first names the columns. */
    async writeCsv(...rows: string[]): Promise<string> {
      const file = join(folder, `${randomBytes(4).toString('hex')}.csv`)
      await writeFile(file, `${rows.join('\n')}\n`)
      return file
    },
  }
}

/** The command's own function, on the test's database. */
export async function runImport(
  business: Business,
  options: Partial<ImportOptions> & Pick<ImportOptions, 'file' | 'map'>,
): Promise<{ counts: ImportCounts; printed: string[]; progress: number[] }> {
  const { stored, clock } = await startTestServer()
  const printed: string[] = []
  const progress: number[] = []
  const counts = await importFile({
    kind: 'jobs',
    account: business.slug,
    transact: stored,
    now: () => clock.now(),
    translate: (key, vars) => translations.t('en', `imports.${key}`, vars),
    printOutcome: (line) => printed.push(line),
    reportProgress: ({ rows }) => progress.push(rows),
    ...options,
  })
  return { counts, printed, progress }
}

export const importSample = async (business: Business, options: Partial<ImportOptions> = {}) =>
  runImport(business, {
    file: SAMPLE_FILE,
    map: await readFile(SAMPLE_MAP, 'utf8'),
    customer: 'LA-311=City of Los Angeles',
    ...options,
  })

const IMPORTED_TABLES = [
  'customers',
  'contacts',
  'sites',
  'templates',
  'template_versions',
  'jobs',
  'history',
  'counters',
] as const

/** Everything an import could have changed, as it is stored. */
export async function storedRows(business: Business): Promise<Record<string, string[]>> {
  const { stored } = await startTestServer()
  return stored(async (db) => {
    const rowsOf = async (table: (typeof IMPORTED_TABLES)[number]) => {
      const rows = await db.selectFrom(table).selectAll().where('account_id', '=', business.id).execute()
      return [table, rows.map((row) => JSON.stringify(row)).sort()] as const
    }
    return Object.fromEntries(await Promise.all(IMPORTED_TABLES.map(rowsOf)))
  })
}

export const storedJobs = async (business: Business) =>
  (await startTestServer()).stored((db) =>
    db
      .selectFrom('jobs as j')
      .innerJoin('templates as t', (join) =>
        join.onRef('t.account_id', '=', 'j.account_id').onRef('t.id', '=', 'j.template_id'),
      )
      .leftJoin('sites as s', (join) => join.onRef('s.account_id', '=', 'j.account_id').onRef('s.id', '=', 'j.site_id'))
      .selectAll('j')
      .select(['t.name as template', 's.address as siteAddress', 's.latitude as siteLatitude'])
      .where('j.account_id', '=', business.id)
      .orderBy('j.number')
      .execute(),
  )

export const isoOf = (at: unknown) => (at as Date | null)?.toISOString() ?? null

export const JOB_MAP =
  'reference=Ref,template=Type,status=Status,address=Address,createdAt=Made,closedAt=Closed,field:Note=Note,status:Open=unassigned,status:Shut=completed,status:Off=canceled,times=us,timeZone=America/Los_Angeles'
export const JOB_HEADER = 'Ref,Type,Status,Address,Made,Closed,Note'

export const CUSTOMER_HEADER = 'Nr;Company;Street;Lat;Lon;Person;Job;Mail;Phone'
export const CUSTOMER_MAP =
  'reference=Nr,name=Company,address=Street,latitude=Lat,longitude=Lon,contactName=Person,contactRole=Job,contactEmail=Mail,contactPhone=Phone'
