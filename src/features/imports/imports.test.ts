import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type Business } from '../../../test/test-server.ts'
import { createTranslations } from '../../platform/i18n.ts'
import { importFile, ImportRefused, type Counts, type ImportOptions } from './handlers.ts'

const root = join(import.meta.dirname, '../../..')
const SAMPLE = join(root, 'demo/samples/myla311.csv')
const translations = createTranslations(join(root, 'locales'), { strict: true })
let folder: string
let sampleMap: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portico-import-'))
  await chmod(folder, 0o755)
  sampleMap = await readFile(join(root, 'demo/samples/myla311.map.json'), 'utf8')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Ran {
  counts: Counts
  verdicts: string[]
  seen: number[]
}

/** The command's own function, on the test's database. */
async function run(
  business: Business,
  given: Partial<ImportOptions> & Pick<ImportOptions, 'file' | 'map'>,
): Promise<Ran> {
  const { stored, clock } = await startTestServer()
  const verdicts: string[] = [],
    seen: number[] = []
  const counts = await importFile({
    kind: 'jobs',
    account: business.slug,
    transact: stored,
    now: () => clock.now(),
    say: (key, vars) => translations.t('en', `imports.${key}`, vars),
    verdict: (line) => verdicts.push(line),
    progress: ({ rows }) => seen.push(rows),
    ...given,
  })
  return { counts, verdicts, seen }
}

const sample = (business: Business, more: Partial<ImportOptions> = {}) =>
  run(business, { file: SAMPLE, map: sampleMap, customer: 'LA-311=City of Los Angeles', ...more })

/** A CSV file of these rows; the first names the columns. */
async function csv(...rows: string[]): Promise<string> {
  const file = join(folder, `${randomBytes(4).toString('hex')}.csv`)
  await writeFile(file, `${rows.join('\n')}\n`)
  return file
}

/** Everything an import could have touched, as it is stored. */
async function everything(business: Business) {
  const { stored } = await startTestServer()
  return stored(async (db) =>
    Object.fromEntries(
      await Promise.all(
        (
          ['customers', 'contacts', 'sites', 'templates', 'template_versions', 'jobs', 'history', 'counters'] as const
        ).map(
          async (table) =>
            [
              table,
              await db
                .selectFrom(table)
                .selectAll()
                .where('account_id', '=', business.id)
                .execute()
                .then((rows) => rows.map((row) => JSON.stringify(row)).sort()),
            ] as const,
        ),
      ),
    ),
  )
}
const jobsOf = async (business: Business) =>
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
const iso = (at: unknown) => (at as Date | null)?.toISOString() ?? null

describe('the 40 requests of Los Angeles', () => {
  it('E-40 come in completely: one customer, types as templates, one site an address, statuses kept', async () => {
    const { business, stored } = await startTestServer()
    const firm = await business()
    const { counts, seen } = await sample(firm, { chunk: 15 })
    expect(counts).toEqual({ rows: 40, new: 40, added: 0, there: 0, rejected: 0 })
    expect(seen).toEqual([15, 30, 40])

    const source = parse(await readFile(SAMPLE), { columns: true }) as Record<string, string>[]
    const jobs = await jobsOf(firm)
    const [customer, ...others] = await stored((db) =>
      db.selectFrom('customers').selectAll().where('account_id', '=', firm.id).execute(),
    )
    expect(others).toEqual([])
    expect(customer).toMatchObject({ name: 'City of Los Angeles', reference: 'LA-311' })
    const templates = await stored((db) =>
      db.selectFrom('templates').selectAll().where('account_id', '=', firm.id).execute(),
    )
    expect(templates.map((each) => each.external_reference).sort()).toEqual(
      [...new Set(source.map((row) => row.RequestType))].sort(),
    )
    const sites = await stored((db) => db.selectFrom('sites').selectAll().where('account_id', '=', firm.id).execute())
    expect(sites.map((each) => each.address).sort()).toEqual([...new Set(source.map((row) => row.Address))].sort())
    expect(sites.length).toBeLessThan(40)
    expect(sites.every((site) => site.latitude! > 33 && site.longitude! < -118)).toBe(true)

    for (const row of source) {
      const job = jobs.find((each) => each.external_reference === row.SRNumber)!
      expect(job).toMatchObject({
        customer_id: customer!.id,
        template: row.RequestType,
        title: row.RequestType,
        siteAddress: row.Address,
        tags: [row.Owner],
        status: row.Status === 'Closed' ? 'completed' : 'canceled',
      })
      expect(job.fields).toEqual({ 'request-source': row.RequestSource })
      expect([job.latitude, job.longitude]).toEqual([Number(row.Latitude), Number(row.Longitude)])
    }
    // Numbers go on from the account's own counter, in the order of the file.
    expect(jobs.map((job) => job.external_reference)).toEqual(source.map((row) => row.SRNumber))
  })

  it('E-40 keep their times to the second, in the time of Los Angeles', async () => {
    const { business } = await startTestServer()
    const firm = await business({ timeZone: 'Europe/London' })
    await sample(firm)
    const jobs = await jobsOf(firm)
    const of = (reference: string) => jobs.find((each) => each.external_reference === reference)!
    // Created in winter, closed in summer: two different offsets.
    const long = of('1-870704831')
    expect([long.created_at, long.scheduled_at, long.completed_at, long.updated_at].map(iso)).toEqual([
      '2018-01-01T07:59:58.000Z',
      '2018-01-05T08:00:00.000Z',
      '2018-04-09T16:18:35.000Z',
      '2018-04-09T16:25:28.000Z',
    ])
    // An intersection without a house number and without a service date.
    const crossing = of('1-870692591')
    expect(crossing).toMatchObject({
      address: 'DEVONSHIRE ST AT BURNET AVE, 91345',
      scheduled_at: null,
      status: 'completed',
    })
    expect(crossing.site_id).not.toBeNull()
    // Two at one address share the site.
    expect(of('1-870693641').site_id).toBe(of('1-870703871').site_id)
  })

  it('E-51 E-40 a canceled one has no times, its history has them, and history says imported', async () => {
    const { business, stored } = await startTestServer()
    const firm = await business()
    await sample(firm)
    const canceled = (await jobsOf(firm)).find((each) => each.external_reference === '1-870687481')!
    expect(canceled).toMatchObject({ status: 'canceled', scheduled_at: null, started_at: null, completed_at: null })
    expect(iso(canceled.canceled_at)).toBe('2018-01-02T17:23:14.000Z')
    const history = await stored((db) =>
      db
        .selectFrom('history')
        .selectAll()
        .where('account_id', '=', firm.id)
        .where('job_id', '=', canceled.id)
        .orderBy('id')
        .execute(),
    )
    expect(
      history.map(({ event, to_status, actor_kind, details }) => ({ event, to_status, actor_kind, details })),
    ).toEqual([
      { event: 'imported', to_status: 'canceled', actor_kind: 'system', details: { reference: '1-870687481' } },
      {
        event: 'timesRemoved',
        to_status: null,
        actor_kind: 'system',
        details: { scheduledAt: '2018-01-02T17:22:32.000Z' },
      },
    ])
  })

  it('are found in the office by what they say, and a hidden field is no text a customer finds', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    await sample(firm)
    const found = await firm.owner.ok('listJobs', { search: 'burnet devonshire' })
    expect(found.rows.map((row) => row.title)).toContain('Dead Animal Removal')
    expect((await firm.owner.ok('listJobs', { search: '1-870704831' })).rows).toHaveLength(1)
    expect((await firm.owner.ok('listCustomers', { search: 'mesa ave' })).rows.map((row) => row.name)).toEqual([
      'City of Los Angeles',
    ])
    const jobs = await jobsOf(firm)
    expect(
      jobs.every(
        (job) => job.folded_office.includes('self service') || !JSON.stringify(job.fields).includes('Self Service'),
      ),
    ).toBe(true)
    expect(jobs.filter((job) => job.folded_portal.includes('self service'))).toEqual([])
  })

  it('E-16 a second run changes nothing, and never takes a customer of the same name', async () => {
    const { business, clock } = await startTestServer()
    const firm = await business()
    const namesake = await firm.customer('City of Los Angeles')
    await sample(firm)
    const before = await everything(firm)
    clock.advance(86_400_000)
    expect((await sample(firm, { chunk: 7 })).counts).toMatchObject({ new: 0, there: 40, rejected: 0 })
    expect(await everything(firm)).toEqual(before)
    expect((await jobsOf(firm)).filter((job) => job.customer_id === namesake)).toEqual([])
  })

  it('a dry run writes nothing and says what would become of every row', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    const before = await everything(firm)
    const { counts, verdicts } = await sample(firm, { dryRun: true, chunk: 9 })
    expect(counts).toMatchObject({ new: 40 })
    expect(verdicts).toHaveLength(41)
    expect(verdicts.slice(0, 2)).toEqual(['row,reference,verdict,reasons', '2,1-870704831,new,'])
    expect(await everything(firm)).toEqual(before)
  })
})

const MAP =
  'reference=Ref,template=Type,status=Status,address=Address,createdAt=Made,closedAt=Closed,field:Note=Note,status:Open=unassigned,status:Shut=completed,status:Off=canceled,times=us,timeZone=America/Los_Angeles'
const HEAD = 'Ref,Type,Status,Address,Made,Closed,Note'

describe('rows that are refused', () => {
  it('stop nothing, come back with all their reasons, and harm no spreadsheet', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    const file = await csv(
      HEAD,
      'A1,Repair,Open,1 Quay,03/02/2026 09:00 AM,,fine',
      '=HYPERLINK("x"),Repair,Broken,1 Quay,13/45/2026,,@cmd',
      'A3,,Open,,,,',
      'A4,Repair,Shut,1 Quay,03/02/2026 09:00 AM,03/01/2026 09:00 AM,',
      'A5,Repair,Open,1 Quay',
      'A6,Repair,Open,1 Quay,,03/02/2026 09:00 AM,',
      'A7,Repair,Open,1 Quay,,,-5',
    )
    const rejects = join(folder, 'rejects.csv')
    const { counts } = await run(firm, { file, map: MAP, customer: 'Q=Quay Ltd', rejects })
    expect(counts).toMatchObject({ rows: 7, new: 2, rejected: 5 })
    const [header, ...refused] = parse(await readFile(rejects), { relax_column_count: true }) as string[][]
    expect(header).toEqual(['row', 'reasons', ...HEAD.split(',')])
    expect(refused.map(([row]) => row)).toEqual(['3', '4', '5', '6', '7'])
    // Both reasons of a row, and no cell that a spreadsheet would run.
    expect(refused[0]![1]).toContain('13/45/2026 is no time')
    expect(refused[0]![1]).toContain('Broken is no known status')
    expect(refused[0]!.slice(2)).toEqual(['\'=HYPERLINK("x")', 'Repair', 'Broken', '1 Quay', '13/45/2026', '', "'@cmd"])
    expect(refused.slice(1).map(([, why]) => why)).toEqual([
      'template is missing.',
      'It was closed before it was created.',
      'This row has 4 cells, the first row has 7.',
      'It has a closing time, but its status is Open.',
    ])
    expect((await jobsOf(firm)).map((job) => job.external_reference)).toEqual(['A1', 'A7'])

    // Put right in that very file, they come in; the others are there already.
    await writeFile(
      rejects,
      (await readFile(rejects, 'utf8')).replaceAll('Broken', 'Open').replaceAll('13/45/2026', '03/02/2026'),
    )
    expect((await run(firm, { file: rejects, map: MAP, customer: 'Q' })).counts).toMatchObject({ new: 1, rejected: 4 })
    expect((await jobsOf(firm)).at(-1)).toMatchObject({
      external_reference: '=HYPERLINK("x")',
      fields: { note: '@cmd' },
    })
  })

  it('a quote inside a cell is text; one that is never closed stops the import and says where, and a rerun goes on', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    const rows = [
      HEAD,
      'B1,Repair,Open,1 Quay,,,6" pipe',
      'B2,Repair,Open,"1, ""Quay""\nBristol",,,',
      'B3,Repair,Open,1 Quay,,,',
      'B4,Repair,Open,1 Quay,,,',
    ]
    const given = { map: MAP, customer: 'Q=Quay Ltd' }
    await expect(
      run(firm, { ...given, file: await csv(...rows.with(3, 'B3,Repair,Open,"1 Quay,,,')) }),
    ).rejects.toThrow('cannot be read after row 4')
    expect((await run(firm, { ...given, file: await csv(...rows) })).counts.rejected).toBe(0)
    expect((await jobsOf(firm)).map((job) => [job.external_reference, job.address, job.fields])).toEqual([
      ['B1', '1 Quay', { note: '6" pipe' }],
      ['B2', '1, "Quay" Bristol', {}],
      ['B3', '1 Quay', {}],
      ['B4', '1 Quay', {}],
    ])
  })

  it('the same reference twice in a file is one job', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    const file = await csv(
      HEAD,
      'C1,Repair,Open,1 Quay,,,',
      'C1,Repair,Open,2 Quay,,,',
      'C2,Repair,Open,1 Quay,,,',
      'C1,Repair,Open,1 Quay,,,',
    )
    for (const dryRun of [true, false])
      expect((await run(firm, { file, map: MAP, customer: 'Q=Quay Ltd', chunk: 3, dryRun })).counts).toMatchObject({
        new: 2,
        there: 2,
      })
    expect(await jobsOf(firm)).toHaveLength(2)
  })

  it('E-43 an hour that the clocks skip is no time; one that comes twice is the first', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    const file = await csv(
      HEAD,
      'D1,Repair,Open,,03/11/2018 02:30:00 AM,,',
      'D2,Repair,Open,,11/04/2018 01:30:00 AM,,',
      'D3,Repair,Off,,07/01/2018 10:00:00 AM,07/01/2018 10:04:10 AM,',
    )
    expect((await run(firm, { file, map: MAP, customer: 'Q=Quay Ltd' })).counts).toMatchObject({ new: 2, rejected: 1 })
    const [twice, minutes] = await jobsOf(firm)
    expect(iso(twice!.created_at)).toBe('2018-11-04T08:30:00.000Z')
    // Canceled four minutes after it was made.
    expect([iso(minutes!.created_at), iso(minutes!.canceled_at), minutes!.status]).toEqual([
      '2018-07-01T17:00:00.000Z',
      '2018-07-01T17:04:10.000Z',
      'canceled',
    ])
  })
})

describe('a file or a mapping that cannot be read', () => {
  it('is refused before the first row, with everything that is wrong', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    const good = await csv(HEAD, 'E1,Repair,Open,,,,')
    const before = await everything(firm)
    const refusal = async (given: Partial<ImportOptions>) =>
      run(firm, { file: good, map: MAP, customer: 'Q=Quay Ltd', ...given }).then(
        () => 'taken',
        (error: Error) => {
          expect(error).toBeInstanceOf(ImportRefused)
          return error.message
        },
      )
    expect(await refusal({ map: 'template=Type,colour=X,status:Open=ajar,times=uk' })).toMatch(
      /colour means nothing.*\n.*ajar is no status.*\n.*Times are written.*\n.*no column for reference/s,
    )
    expect(await refusal({ map: 'reference=Ref,template=Kind' })).toContain('no column Kind')
    expect(await refusal({ map: '{"columns": oops' })).toContain('no JSON')
    expect(await refusal({ file: join(folder, 'absent.csv') })).toContain('There is no file')
    expect(await refusal({ customer: 'nobody' })).toContain('No customer has the reference or id nobody')
    expect(await refusal({ customer: undefined })).toContain('Say whose jobs')
    expect(await refusal({ account: 'nowhere' })).toContain('no business with the address nowhere')
    expect(await refusal({ rejects: good })).toContain('is the file that is read')
    const latin = join(folder, 'latin.csv')
    await writeFile(latin, Buffer.from('Ref,Type\nZ1,Caf\xe9\n', 'latin1'))
    expect(await refusal({ file: latin, map: 'reference=Ref,template=Type' })).toContain('not UTF-8')
    expect(await everything(firm)).toEqual(before)
  })

  it('a customer of another business is never found, by reference or by id', async () => {
    const { business } = await startTestServer()
    const [firm, other] = [await business(), await business()]
    const foreign = await other.customer('Foreign')
    await expect(
      run(firm, { file: await csv(HEAD, 'F1,Repair,Open,,,,'), map: MAP, customer: foreign }),
    ).rejects.toThrow('No customer has the reference or id')
  })
})

describe('customers', () => {
  const CUSTOMERS = 'Nr;Company;Street;Lat;Lon;Person;Job;Mail;Phone'
  const CMAP =
    'reference=Nr,name=Company,address=Street,latitude=Lat,longitude=Lon,contactName=Person,contactRole=Job,contactEmail=Mail,contactPhone=Phone'

  it('come with contacts and sites, several rows to one customer, and a second run changes nothing', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    const file = await csv(
      CUSTOMERS,
      'K1;Größe & Söhne;1 Quay, Bristol;51.4;-2.6;Anna Groß;Owner;Anna@groesse.example;07700 900123',
      'K1;Größe & Söhne;2 Quay, Bristol;;;Ben Groß;;ben@groesse.example;',
      'K2;The Mill;;;;;;;',
      'K3;No mail;;;;Carl;;not an address;',
      'K4;Half a place;3 Quay;51.4;;;;;',
    )
    const given = { kind: 'customers' as const, file, map: CMAP }
    expect((await run(firm, { ...given, dryRun: true, chunk: 1 })).counts).toMatchObject({
      new: 2,
      added: 1,
      rejected: 2,
    })
    expect((await run(firm, { ...given, chunk: 1 })).counts).toMatchObject({ new: 2, added: 1, there: 0, rejected: 2 })
    const [found] = (await firm.owner.ok('listCustomers', { search: 'grosse ben 2 quay' })).rows
    expect(found).toMatchObject({
      name: 'Größe & Söhne',
      reference: 'K1',
      siteCount: 2,
      contact: { name: 'Anna Groß', email: 'Anna@groesse.example' },
    })
    const before = await everything(firm)
    expect((await run(firm, given)).counts).toMatchObject({ new: 0, added: 0, there: 3, rejected: 2 })
    expect(await everything(firm)).toEqual(before)
  })

  it('E-16 the same name without that reference is another customer', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    await firm.customer('The Mill')
    expect(
      (await run(firm, { kind: 'customers', file: await csv(CUSTOMERS, 'K2;The Mill;;;;;;;'), map: CMAP })).counts,
    ).toMatchObject({ new: 1 })
    expect((await firm.owner.ok('listCustomers', { search: 'mill' })).rows).toHaveLength(2)
  })

  it('jobs of several customers name each by its reference', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    await run(firm, { kind: 'customers', file: await csv(CUSTOMERS, 'K1;One;;;;;;;', 'K2;Two;;;;;;;'), map: CMAP })
    const { counts } = await run(firm, {
      file: await csv('Ref,Type,Who', 'G1,Repair,K1', 'G2,Repair,K2', 'G3,Repair,K9', 'G4,Repair,'),
      map: 'reference=Ref,template=Type,customer=Who',
    })
    expect(counts).toMatchObject({ new: 2, rejected: 2 })
  })
})

describe('the command', () => {
  it('B2 killed in the middle, a rerun completes it and nothing is twice', { timeout: 120_000 }, async () => {
    const place = join(folder, 'killed')
    const total = 600
    const file = await csv(
      HEAD,
      ...Array.from(
        { length: total },
        (_, index) => `R${index},Repair ${index % 5},Open,${index % 40} Quay,03/02/2026 09:00 AM,,note`,
      ),
    )
    const portico = (...args: string[]) => {
      const child = spawn(process.execPath, ['src/main.ts', ...args], {
        cwd: root,
        env: { ...process.env, DATABASE_URL: '', PORTICO_DATA: place, LOG_LEVEL: 'warn' },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let out = '',
        err = ''
      child.stdout.on('data', (part: Buffer) => (out += part.toString()))
      child.stderr.on('data', (part: Buffer) => (err += part.toString()))
      const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
        child.once('close', (code) => resolve({ code, out, err })),
      )
      return { child, ended, seen: () => err }
    }
    const command = [
      'import',
      'jobs',
      file,
      '--account',
      'harbour',
      '--customer',
      'KILL=Killed in the middle',
      '--map',
      MAP,
      '--chunk',
      '5',
    ]
    expect((await portico('demo').ended).out).toContain('Loaded: harbour, northside')

    const first = portico(...command)
    await new Promise<void>((resolve) =>
      first.child.stderr.on('data', () => {
        if (/^\d{2,} rows/m.test(first.seen())) resolve()
      }),
    )
    first.child.kill('SIGKILL')
    await first.ended

    const second = await portico(...command).ended
    expect(second.err.trim().split('\n').at(-1)).toMatch(/^600 rows/)
    const [, added, there] = /(\d+) new, 0 added to, (\d+) already there, 0 rejected/.exec(second.out)!.map(Number)
    expect(there).toBeGreaterThanOrEqual(10)
    expect(added).toBeGreaterThan(0)
    expect(added! + there!).toBe(total)
    const third = await portico(...command).ended
    expect(third).toMatchObject({ code: 0 })
    expect(third.out).toContain(`0 new, 0 added to, ${total} already there`)
    // A wrong call says how it is meant, and fails.
    const wrong = await portico('import', 'jobs', file).ended
    expect([wrong.code, wrong.err.includes('--account SLUG')]).toEqual([1, true])
  })
})
