import { describe, expect, it } from 'vitest'
import { startTestServer } from '../../../../test/test-server.ts'
import { createImportFolder, CUSTOMER_HEADER, CUSTOMER_MAP, runImport, storedRows } from '../imports.fixtures.ts'

const folder = createImportFolder()

describe('customers', () => {
  it('come with contacts and sites, several rows to one customer, and a second run changes nothing', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    const file = await folder.writeCsv(
      CUSTOMER_HEADER,
      'K1;Größe & Söhne;1 Quay, Bristol;51.4;-2.6;Anna Groß;Owner;Anna@groesse.example;07700 900123',
      'K1;Größe & Söhne;2 Quay, Bristol;;;Ben Groß;;ben@groesse.example;',
      'K2;The Mill;;;;;;;',
      'K3;No mail;;;;Carl;;not an address;',
      'K4;Half a place;3 Quay;51.4;;;;;',
    )
    const options = { kind: 'customers' as const, file, map: CUSTOMER_MAP }
    expect((await runImport(firm, { ...options, dryRun: true, chunk: 1 })).counts).toMatchObject({
      new: 2,
      added: 1,
      rejected: 2,
    })
    expect((await runImport(firm, { ...options, chunk: 1 })).counts).toMatchObject({
      new: 2,
      added: 1,
      existing: 0,
      rejected: 2,
    })
    const [found] = (await firm.owner.ok('listCustomers', { search: 'grosse ben 2 quay' })).rows
    expect(found).toMatchObject({
      name: 'Größe & Söhne',
      reference: 'K1',
      siteCount: 2,
      contact: { name: 'Anna Groß', email: 'Anna@groesse.example' },
    })
    const before = await storedRows(firm)
    expect((await runImport(firm, options)).counts).toMatchObject({ new: 0, added: 0, existing: 3, rejected: 2 })
    expect(await storedRows(firm)).toEqual(before)
  })

  it('E-16 the same name without that reference is another customer', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    await firm.customer('The Mill')
    expect(
      (
        await runImport(firm, {
          kind: 'customers',
          file: await folder.writeCsv(CUSTOMER_HEADER, 'K2;The Mill;;;;;;;'),
          map: CUSTOMER_MAP,
        })
      ).counts,
    ).toMatchObject({ new: 1 })
    expect((await firm.owner.ok('listCustomers', { search: 'mill' })).rows).toHaveLength(2)
  })

  it('jobs of several customers name each by its reference', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    await runImport(firm, {
      kind: 'customers',
      file: await folder.writeCsv(CUSTOMER_HEADER, 'K1;One;;;;;;;', 'K2;Two;;;;;;;'),
      map: CUSTOMER_MAP,
    })
    const { counts } = await runImport(firm, {
      file: await folder.writeCsv('Ref,Type,Who', 'G1,Repair,K1', 'G2,Repair,K2', 'G3,Repair,K9', 'G4,Repair,'),
      map: 'reference=Ref,template=Type,customer=Who',
    })
    expect(counts).toMatchObject({ new: 2, rejected: 2 })
  })
})
