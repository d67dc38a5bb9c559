import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { startTestServer } from '../../../test/test-server.ts'
import { ImportRefused, type ImportOptions } from './handlers.ts'
import {
  createImportFolder,
  isoOf,
  JOB_HEADER,
  JOB_MAP,
  root,
  runImport,
  storedJobs,
  storedRows,
} from './imports.fixtures.ts'

const folder = createImportFolder()

describe('rows that are refused', () => {
  // A device that is always full. Linux has it, macOS does not.
  it.skipIf(!existsSync('/dev/full'))('end the import with an error when the disk does not take them', async () => {
    const { business } = await startTestServer()
    const file = await folder.writeCsv(JOB_HEADER, 'A1,,Open,,,,', 'A2,,Open,,,,', 'A3,,Open,,,,')
    // One row at a time, so that the error comes while the database is asked and nobody waits for the file.
    const options = { file, map: JOB_MAP, customer: 'Q=Quay Ltd', rejects: '/dev/full', chunk: 1 }
    await expect(runImport(await business(), options)).rejects.toThrow('ENOSPC')
  })

  it('stop nothing, come back with all their reasons, and harm no spreadsheet', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    const file = await folder.writeCsv(
      JOB_HEADER,
      'A1,Repair,Open,1 Quay,03/02/2026 09:00 AM,,fine',
      '=HYPERLINK("x"),Repair,Broken,1 Quay,13/45/2026,,@cmd',
      'A3,,Open,,,,',
      'A4,Repair,Shut,1 Quay,03/02/2026 09:00 AM,03/01/2026 09:00 AM,',
      'A5,Repair,Open,1 Quay',
      'A6,Repair,Open,1 Quay,,03/02/2026 09:00 AM,',
      'A7,Repair,Open,1 Quay,,,-5',
    )
    const rejects = folder.pathOf('rejects.csv')
    const { counts } = await runImport(firm, { file, map: JOB_MAP, customer: 'Q=Quay Ltd', rejects })
    expect(counts).toMatchObject({ rows: 7, new: 2, rejected: 5 })
    const [header, ...refused] = parse(await readFile(rejects), { relax_column_count: true }) as string[][]
    expect(header).toEqual(['row', 'reasons', ...JOB_HEADER.split(',')])
    expect(refused.map(([row]) => row)).toEqual(['3', '4', '5', '6', '7'])
    // Both reasons of a row, and no cell that a spreadsheet would run.
    expect(refused[0]![1]).toContain('13/45/2026 is not a valid time')
    expect(refused[0]![1]).toContain('Unknown status Broken')
    expect(refused[0]!.slice(2)).toEqual(['\'=HYPERLINK("x")', 'Repair', 'Broken', '1 Quay', '13/45/2026', '', "'@cmd"])
    expect(refused.slice(1).map(([, why]) => why)).toEqual([
      'template is missing.',
      'The closing time is before the creation time.',
      'This row has 4 cells, but the header has 7.',
      'The row has a closing time, but its status is Open.',
    ])
    expect((await storedJobs(firm)).map((job) => job.external_reference)).toEqual(['A1', 'A7'])

    // Put right in that very file, they come in; the others are there already.
    await writeFile(
      rejects,
      (await readFile(rejects, 'utf8')).replaceAll('Broken', 'Open').replaceAll('13/45/2026', '03/02/2026'),
    )
    expect((await runImport(firm, { file: rejects, map: JOB_MAP, customer: 'Q' })).counts).toMatchObject({
      new: 1,
      rejected: 4,
    })
    expect((await storedJobs(firm)).at(-1)).toMatchObject({
      external_reference: '=HYPERLINK("x")',
      fields: { note: '@cmd' },
    })
  })

  it('a quote inside a cell is text; an unclosed one stops the import and names the row, and a rerun continues', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    const rows = [
      JOB_HEADER,
      'B1,Repair,Open,1 Quay,,,6" pipe',
      'B2,Repair,Open,"1, ""Quay""\nBristol",,,',
      'B3,Repair,Open,1 Quay,,,',
      'B4,Repair,Open,1 Quay,,,',
    ]
    const options = { map: JOB_MAP, customer: 'Q=Quay Ltd' }
    await expect(
      runImport(firm, { ...options, file: await folder.writeCsv(...rows.with(3, 'B3,Repair,Open,"1 Quay,,,')) }),
    ).rejects.toThrow('after row 4 is never closed')
    expect((await runImport(firm, { ...options, file: await folder.writeCsv(...rows) })).counts.rejected).toBe(0)
    expect((await storedJobs(firm)).map((job) => [job.external_reference, job.address, job.fields])).toEqual([
      ['B1', '1 Quay', { note: '6" pipe' }],
      ['B2', '1, "Quay" Bristol', {}],
      ['B3', '1 Quay', {}],
      ['B4', '1 Quay', {}],
    ])
  })

  it('the same reference twice in a file is one job, and other content is rejected', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    const file = await folder.writeCsv(
      JOB_HEADER,
      'C1,Repair,Open,1 Quay,,,',
      'C1,Repair,Open,2 Quay,,,',
      'C2,Repair,Open,1 Quay,,,',
      'C1,Repair,Open,1 Quay,,,',
    )
    for (const dryRun of [true, false])
      expect(
        (await runImport(firm, { file, map: JOB_MAP, customer: 'Q=Quay Ltd', chunk: 3, dryRun })).counts,
      ).toMatchObject({
        new: 2,
        existing: 1,
        rejected: 1,
      })
    expect(await storedJobs(firm)).toHaveLength(2)
  })

  it('E-43 a time that a clock change skips is refused; one that occurs twice is the first', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    const file = await folder.writeCsv(
      JOB_HEADER,
      'D1,Repair,Open,,03/11/2018 02:30:00 AM,,',
      'D2,Repair,Open,,11/04/2018 01:30:00 AM,,',
      'D3,Repair,Off,,07/01/2018 10:00:00 AM,07/01/2018 10:04:10 AM,',
    )
    expect((await runImport(firm, { file, map: JOB_MAP, customer: 'Q=Quay Ltd' })).counts).toMatchObject({
      new: 2,
      rejected: 1,
    })
    const [twice, minutes] = await storedJobs(firm)
    expect(isoOf(twice!.created_at)).toBe('2018-11-04T08:30:00.000Z')
    // Canceled four minutes after it was made.
    expect([isoOf(minutes!.created_at), isoOf(minutes!.canceled_at), minutes!.status]).toEqual([
      '2018-07-01T17:00:00.000Z',
      '2018-07-01T17:04:10.000Z',
      'canceled',
    ])
  })
})

describe('a file or a mapping that cannot be read', () => {
  it('is refused before the first row, with storedRows that is wrong', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    const good = await folder.writeCsv(JOB_HEADER, 'E1,Repair,Open,,,,')
    const before = await storedRows(firm)
    const refusalOf = async (options: Partial<ImportOptions>) =>
      runImport(firm, { file: good, map: JOB_MAP, customer: 'Q=Quay Ltd', ...options }).then(
        () => 'imported',
        (error: Error) => {
          expect(error).toBeInstanceOf(ImportRefused)
          return error.message
        },
      )
    expect(await refusalOf({ map: 'template=Type,colour=X,status:Open=ajar,times=uk' })).toMatch(
      /Unknown property colour.*\n.*Unknown status ajar.*\n.*Unknown time format.*\n.*no column for reference/s,
    )
    expect(await refusalOf({ map: 'reference=Ref,template=Kind' })).toContain('Missing columns: Kind')
    expect(await refusalOf({ map: '{"columns": oops' })).toContain('not valid JSON')
    expect(await refusalOf({ file: folder.pathOf('absent.csv') })).toContain('File not found')
    expect(await refusalOf({ customer: 'nobody' })).toContain('No customer has the reference or ID nobody')
    expect(await refusalOf({ customer: undefined })).toContain('Name the customer of these jobs')
    expect(await refusalOf({ account: 'nowhere' })).toContain('No business has the web address nowhere')
    expect(await refusalOf({ rejects: good })).toContain('must not be the imported file')
    const latin = folder.pathOf('latin.csv')
    await writeFile(latin, Buffer.from('Ref,Type\nZ1,Caf\xe9\n', 'latin1'))
    expect(await refusalOf({ file: latin, map: 'reference=Ref,template=Type' })).toContain('not UTF-8')
    expect(await storedRows(firm)).toEqual(before)
  })

  it('a customer of another business is never found, by reference or by id', async () => {
    const { business } = await startTestServer()
    const [firm, other] = [await business(), await business()]
    const foreign = await other.customer('Foreign')
    await expect(
      runImport(firm, {
        file: await folder.writeCsv(JOB_HEADER, 'F1,Repair,Open,,,,'),
        map: JOB_MAP,
        customer: foreign,
      }),
    ).rejects.toThrow('No customer has the reference or ID')
  })
})

describe('the command', () => {
  it('B2 killed in the middle, a rerun completes it and nothing is twice', { timeout: 120_000 }, async () => {
    const dataFolder = folder.pathOf('killed')
    const total = 600
    const file = await folder.writeCsv(
      JOB_HEADER,
      ...Array.from(
        { length: total },
        (_, index) => `R${index},Repair ${index % 5},Open,${index % 40} Quay,03/02/2026 09:00 AM,,note`,
      ),
    )
    const portico = (...args: string[]) => {
      const child = spawn(process.execPath, ['src/main.ts', ...args], {
        cwd: root,
        env: { ...process.env, DATABASE_URL: '', PORTICO_DATA: dataFolder, LOG_LEVEL: 'warn' },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let out = '',
        err = ''
      child.stdout.on('data', (part: Buffer) => (out += part.toString()))
      child.stderr.on('data', (part: Buffer) => (err += part.toString()))
      const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
        child.once('close', (code) => resolve({ code, out, err })),
      )
      return { child, ended, progress: () => err }
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
      JOB_MAP,
      '--chunk',
      '5',
    ]
    expect((await portico('demo').ended).out).toContain('Demo data loaded: harbour, northside')

    const first = portico(...command)
    await new Promise<void>((resolve) =>
      first.child.stderr.on('data', () => {
        if (/^\d{2,} rows/m.test(first.progress())) resolve()
      }),
    )
    first.child.kill('SIGKILL')
    await first.ended

    const second = await portico(...command).ended
    expect(second.err.trim().split('\n').at(-1)).toMatch(/^600 rows/)
    const [, added, there] = /(\d+) new, 0 updated, (\d+) unchanged, 0 rejected/.exec(second.out)!.map(Number)
    expect(there).toBeGreaterThanOrEqual(10)
    expect(added).toBeGreaterThan(0)
    expect(added! + there!).toBe(total)
    const third = await portico(...command).ended
    expect(third).toMatchObject({ code: 0 })
    expect(third.out).toContain(`0 new, 0 updated, ${total} unchanged`)
    // A wrong call says how it is meant, and fails.
    const wrong = await portico('import', 'jobs', file).ended
    expect([wrong.code, wrong.err.includes('--account SLUG')]).toEqual([1, true])
  })
})
