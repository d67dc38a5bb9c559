/** Files as spreadsheets write them, and rows that a form would refuse. */
import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { startTestServer } from '../../../test/test-server.ts'
import { createImportFolder, runImport, storedJobs } from './imports.fixtures.ts'

const folder = createImportFolder()
const business = async () => (await startTestServer()).business()
const customers = { kind: 'customers' as const, map: 'reference=Reference,name=Name' }
const reasonsOf = (printed: string[]) => printed.filter((line) => line.includes('rejected'))

describe('columns', () => {
  it('that nobody mapped may have no heading or be there twice', async () => {
    const firm = await business()
    const trailing = folder.pathOf('trailing.csv')
    await writeFile(
      trailing,
      '\uFEFF Reference ,Name , Email,,,\r\nC-1,Alpha Ltd,a@post.example,,,\r\nC-2,Beta Ltd,,,,\r\n',
    )
    expect((await runImport(firm, { ...customers, file: trailing })).counts).toMatchObject({ new: 2, rejected: 0 })
    const twice = await folder.writeCsv('Reference,Name,Notes,Phone,Phone', 'C-61,Eta,x,1,2')
    expect((await runImport(firm, { ...customers, file: twice })).counts).toMatchObject({ new: 1, rejected: 0 })
    await expect(runImport(firm, { kind: 'customers', file: twice, map: 'reference=Phone,name=Name' })).rejects.toThrow(
      'Duplicate columns: Phone',
    )
  })

  it('without a heading refuse a row that has something there, and say where', async () => {
    const file = await folder.writeCsv('Reference,Name,', 'C-1,Alpha,', 'C-2,Beta,stray', 'C-3,Gamma,,stray')
    const { counts, printed } = await runImport(await business(), { ...customers, file, dryRun: true })
    expect(counts).toMatchObject({ new: 1, rejected: 2 })
    expect(reasonsOf(printed)[0]).toContain('Column 3 has no heading, but this row has “stray” there.')
  })
})

it('rows of empty cells are no rows', async () => {
  const file = folder.pathOf('empty-rows.csv')
  await writeFile(
    file,
    '\uFEFFReference,Name,Email\r\nC-11,Alpha,a@post.example\r\n,,\r\n"","",""\r\n , ,\r\nC-12,Beta,\r\n,,\r\n',
  )
  expect((await runImport(await business(), { ...customers, file })).counts).toMatchObject({
    rows: 2,
    new: 2,
    rejected: 0,
  })
})

describe('references', () => {
  const jobs = { map: 'reference=Job,template=Type,address=Address,field:Note=Note', customer: 'Q=Quay Ltd' }

  it('that come again with other content, or that a spreadsheet rounded, are rejected with the reason', async () => {
    const firm = await business()
    const file = await folder.writeCsv(
      'Job,Type,Address,Note',
      '1.23457E+12,Boiler,1 High St,first',
      'J-77,Boiler,3 High St,a',
      'J-77,Boiler,4 High St,b',
      'J-78,Boiler,5 High St,same',
      'J-78,Boiler,5 High St,same',
    )
    const { printed } = await runImport(firm, { ...jobs, file, dryRun: true, chunk: 1 })
    expect(reasonsOf(printed).join('\n')).toContain('A spreadsheet rounded the reference 1.23457E+12.')
    expect(reasonsOf(printed).join('\n')).toContain('Row 4 has the same reference J-77 as row 3, but other content.')
    const first = await runImport(firm, { ...jobs, file, chunk: 1 })
    expect(first.counts).toMatchObject({ rows: 5, new: 2, existing: 1, rejected: 2 })
    expect((await storedJobs(firm)).map((job) => job.address)).toEqual(['3 High St', '5 High St'])
    const again = await runImport(firm, { ...jobs, file })
    expect(again.counts).toMatchObject({ new: 0, existing: 3, rejected: 2 })
  })

  it('of customers may come again for another contact, not for another name', async () => {
    const file = await folder.writeCsv('Reference,Name,Person', 'C-1,Alpha,Ann', 'C-1,Alpha,Bob', 'C-1,Beta,Cid')
    const map = 'reference=Reference,name=Name,contactName=Person'
    const { counts } = await runImport(await business(), { kind: 'customers', file, map })
    expect(counts).toMatchObject({ new: 1, added: 1, rejected: 1 })
  })
})

it('what a form refuses is rejected with its value, and what came in can be saved again by the form', async () => {
  const firm = await business()
  const file = await folder.writeCsv(
    'Reference,Name,Contact,Mail,Phone',
    'P-1,Kappa One,Kim,kim@post.example,0117 496 0001 (ask for Bob)',
    'P-2,Kappa Two,Kim,not..an@address,+44 117 496 0001',
    'P-3,Kappa Three,Kim,sales@post.example,tbc',
    'P-4,Kappa Four,Kim,sales@post.example,+44 117 496 0001',
  )
  const map = 'reference=Reference,name=Name,contactName=Contact,contactEmail=Mail,contactPhone=Phone'
  const { counts, printed } = await runImport(firm, { kind: 'customers', file, map, dryRun: true })
  expect(counts).toMatchObject({ new: 1, rejected: 3 })
  const [first, second, third] = reasonsOf(printed)
  expect(first).toContain('0117 496 0001 (ask for Bob) is not a valid phone number')
  expect(second).toContain('not..an@address is not a valid email address')
  expect(third).toContain('tbc is not a valid phone number')
  await runImport(firm, { kind: 'customers', file, map })
  const { rows } = await firm.owner.ok('listCustomers', { search: 'Kappa' })
  expect(rows.map(({ reference }) => reference)).toEqual(['P-4'])
  const customer = await firm.owner.ok('getCustomer', { customer: rows[0]!.id })
  const { name, email, phone, id } = customer.contacts[0]!
  const saved = await firm.owner.call('updateContact', {
    customer: rows[0]!.id,
    contact: id,
    version: customer.version,
    ...{ name, email, phone, role: 'Owner' },
  })
  expect(saved.status).toBe(200)
})

it('what the form of a job or template refuses is rejected, and a job that came in can be saved again', async () => {
  const firm = await business()
  const tags = Array.from({ length: 21 }, (_, index) => `Tag ${index}`)
  const row = (reference: string, name: string, values: string[]) => [reference, name, ...values].join()
  const file = await folder.writeCsv(
    ['Job', 'Type', ...tags].join(),
    row(
      'J-1',
      'Boiler',
      tags.map((tag) => tag.toLowerCase()),
    ),
    row(
      'J-2',
      'Boiler',
      tags.map((_, index) => (index < 20 ? `t${index}` : '')),
    ),
    row(
      'J-3',
      'Constructor',
      tags.map(() => ''),
    ),
  )
  const jobs = { customer: 'Q=Quay Ltd', file }
  const columns = { reference: 'Job', template: 'Type', tags }
  const map = JSON.stringify({ columns })
  const { counts, printed } = await runImport(firm, { ...jobs, map, dryRun: true })
  expect(counts).toMatchObject({ new: 2, rejected: 1 })
  expect(reasonsOf(printed)[0]).toContain('is not valid for tags.')
  await runImport(firm, { ...jobs, map })
  const { rows } = await firm.owner.ok('listJobs', { sort: 'oldest', include: 'details' })
  expect(rows.map((job) => job.tags?.length ?? 0)).toEqual([20, 0])
  for (const { id, version, title, address, tags: kept, durationMinutes } of rows) {
    const input = { job: id, version, title, address, tags: kept, durationMinutes }
    expect((await firm.owner.call('updateJob', input)).status).toBe(200)
  }
  // A field that the template's form would refuse comes in with no row.
  const long = { ...columns, [`field:${'x'.repeat(121)}`]: 'Type' }
  const refused = await runImport(await business(), { ...jobs, map: JSON.stringify({ columns: long }) })
  expect(refused.counts).toMatchObject({ new: 0, rejected: 3 })
})

it.each([
  ['0117 496 0001 ext. 12', '0117 496 0001 ext. 12'],
  ['0117 496 0001 x12', '0117 496 0001 x12'],
  ['0117‑496‑0001', '0117‑496‑0001'],
  ['0117 496–0001', '0117 496–0001'],
  ['tel:+441174960001', '+441174960001'],
  ['+49 (0)30 / 901820', '+49 (0)30 / 901820'],
])('the phone number %s is understood as in a form', async (written, kept) => {
  const firm = await business()
  const file = await folder.writeCsv('Ref,Name,Contact,Phone', `P-1,Kappa,Kim,${written}`)
  const map = 'reference=Ref,name=Name,contactName=Contact,contactPhone=Phone,billingPhone=Phone'
  expect((await runImport(firm, { kind: 'customers', file, map })).counts).toMatchObject({ new: 1, rejected: 0 })
  const customer = (await firm.owner.ok('listCustomers', {})).rows[0]!.id
  const { contacts, office } = await firm.owner.ok('getCustomer', { customer })
  expect([contacts[0]!.phone, office!.billing.phone]).toEqual([kept, kept])
})

it('an email address is kept as people read it, as in a form', async () => {
  const firm = await business()
  const file = await folder.writeCsv('Ref,Name,Contact,Mail', 'P-1,Kappa,Kim,info@xn--bcher-kva.example')
  const map = 'reference=Ref,name=Name,contactName=Contact,contactEmail=Mail'
  await runImport(firm, { kind: 'customers', file, map })
  expect((await firm.owner.ok('listCustomers', {})).rows).toMatchObject([{ contact: { email: 'info@bücher.example' } }])
})
