/** Address books of other programs, and our own exported contacts, brought in as customers. */
import { writeFile } from 'node:fs/promises'
import { parse } from 'csv-parse/sync'
import { expect, it } from 'vitest'
import { startTestServer, type Business } from '../../../../test/test-server.ts'
import { createImportFolder, runImport, storedRows } from '../imports.fixtures.ts'

const folder = createImportFolder()
const business = async () => (await startTestServer()).business()

const GOOGLE_CONTACTS = [
  'First Name,Middle Name,Last Name,Organization Name,Notes,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,' +
    'Phone 1 - Value,Address 1 - Formatted',
  'Zoë,,O’Neill,,,* Home,zoe.oneill@post.example,Mobile,+44 7700 900111,"12 Quay Street\nBristol BS1 4AA"',
  'Ivan,,Петров,Müller Bau GmbH,,Work,ivan@mueller-bau.example ::: i.petrov@post.example,Work,' +
    '+49 30 123456 ::: +49 170 123456,"Hauptstraße 5\n10115 Berlin"',
  ',,,Acme Ltd,,,,Work,0117 496 0009,',
]
const GOOGLE_MAP = [
  'name=Organization Name|First Name+Middle Name+Last Name',
  'contactName=First Name+Middle Name+Last Name|Organization Name',
  'contactEmail=E-mail 1 - Value,contactPhone=Phone 1 - Value,address=Address 1 - Formatted',
].join()

async function customersOf({ owner }: Business) {
  const { rows } = await owner.ok('listCustomers', { sort: 'name' })
  return Promise.all(rows.map(({ id }) => owner.ok('getCustomer', { customer: id })))
}

it('contacts of Google come in once, of people and companies, with every email, phone and address', async () => {
  const firm = await business()
  const options = { kind: 'customers' as const, file: await folder.writeCsv(...GOOGLE_CONTACTS), map: GOOGLE_MAP }
  const counts = { rows: 3, new: 3, added: 0, existing: 0, rejected: 0 }
  expect((await runImport(firm, { ...options, dryRun: true })).counts).toEqual(counts)
  expect((await runImport(firm, options)).counts).toEqual(counts)
  const [acme, company, person] = await customersOf(firm)
  const contact = (name: string, email: string | null, phone: string) => expect.objectContaining({ name, email, phone })
  expect([acme!.name, acme!.contacts, acme!.sites]).toEqual([
    'Acme Ltd',
    [contact('Acme Ltd', null, '0117 496 0009')],
    [],
  ])
  expect(company!.name).toBe('Müller Bau GmbH')
  expect(company!.contacts).toHaveLength(2)
  expect(company!.contacts).toEqual(
    expect.arrayContaining([
      contact('Ivan Петров', 'ivan@mueller-bau.example', '+49 30 123456'),
      contact('Ivan Петров', 'i.petrov@post.example', '+49 170 123456'),
    ]),
  )
  expect([person!.name, person!.contacts]).toEqual([
    'Zoë O’Neill',
    [contact('Zoë O’Neill', 'zoe.oneill@post.example', '+44 7700 900111')],
  ])
  expect(person!.sites.map(({ address }) => address)).toEqual(['12 Quay Street Bristol BS1 4AA'])

  const before = await storedRows(firm)
  for (const dryRun of [true, false])
    expect((await runImport(firm, { ...options, dryRun })).counts).toEqual({ ...counts, new: 0, existing: 3 })
  expect(await storedRows(firm)).toEqual(before)
})

it('columns whose names have signs are named in a mapping as JSON', async () => {
  const firm = await business()
  const file = await folder.writeCsv('Name | Title,First+Last,Given,Family', ',,Ana,Ruiz', 'Bob Stone,x,Ben,Groß')
  const map = JSON.stringify({ columns: { name: ['Name | Title', ['Given', 'Family']], contactName: 'First+Last' } })
  await runImport(firm, { kind: 'customers', file, map })
  const customers = await customersOf(firm)
  expect(customers.map(({ name, contacts }) => [name, contacts.map((each) => each.name)])).toEqual([
    ['Ana Ruiz', []],
    ['Bob Stone', ['x']],
  ])
  await expect(runImport(firm, { kind: 'customers', file, map: 'name=Given+Nickname' })).rejects.toThrow(
    'Missing columns: Nickname',
  )
})

const EXPORT_MAP = [
  'name=Customer,reference=Reference|Customer ID,contactName=Contact,contactRole=Role,contactEmail=Email',
  'contactPhone=Phone,siteName=Site,address=Address,latitude=Latitude,longitude=Longitude',
].join()

it('exported contacts are known when they come in again, and come in whole elsewhere', async () => {
  const [firm, branch] = [await business(), await business()]
  const { owner } = firm
  const { id } = await owner.ok('createCustomer', {
    name: '=Dockside',
    reference: 'C-1',
    contact: { name: 'Naveed Aslam', role: 'Owner', email: 'naveed@dockside.example', phone: '+44 7700 900441' },
    site: { name: 'Head office', address: '1 Pelican Quay\nBristol', latitude: 51.4, longitude: -2.6 },
  })
  await owner.ok('addContact', { customer: id, name: 'Kim', phone: '0117 496 0001' })
  await owner.ok('addContact', { customer: id, name: 'Kim', phone: '0117 496 0002' })
  await owner.ok('addSite', { customer: id, address: '2 Pelican Quay' })
  await owner.ok('createCustomer', { name: 'Rosa Martin', contact: { name: 'Rosa Martin' } })
  await owner.ok('createCustomer', { name: 'Nobody yet' })
  const exported = await owner.call('exportContacts')
  expect(exported.headers['content-disposition']).toContain('contacts.csv')
  const file = folder.pathOf('exported.csv')
  await writeFile(file, exported.text)
  const [headings, ...rows] = parse(exported.text, { bom: true }) as string[][]
  expect(headings!.slice(0, 4)).toEqual(['Customer', 'Reference', 'Customer ID', 'Contact'])
  expect(rows).toHaveLength(5)

  const options = { kind: 'customers' as const, file, map: EXPORT_MAP }
  const before = await storedRows(firm)
  for (const dryRun of [true, false])
    expect((await runImport(firm, { ...options, dryRun })).counts).toMatchObject({ existing: 5, new: 0, added: 0 })
  expect(await storedRows(firm)).toEqual(before)

  expect((await runImport(branch, options)).counts).toMatchObject({ new: 3, added: 2, rejected: 0 })
  const partsOf = async (each: Business) =>
    (await customersOf(each)).map(({ name, contacts, sites }) => ({
      name,
      contacts: contacts.map(({ id: _, ...contact }) => contact).sort((a, b) => (a.phone! < b.phone! ? -1 : 1)),
      sites: sites.map(({ address, latitude, name: site }) => [address.replaceAll('\n', ' '), latitude, site]),
    }))
  expect(await partsOf(branch)).toEqual(await partsOf(firm))
  expect((await runImport(branch, options)).counts).toMatchObject({ existing: 5, new: 0, added: 0 })
})
