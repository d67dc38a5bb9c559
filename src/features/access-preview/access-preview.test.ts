/** Previews of changes: what they say is what everybody sees through the API before and after the change is saved. */
import { sql } from 'kysely'
import { beforeAll, describe, expect, it } from 'vitest'
import type { OperationName } from '../../../test/test-server.ts'
import {
  createPreviewWorld,
  home,
  lookAsEverybody,
  previewChange,
  type PreviewWorld,
  type Seen,
} from './access-preview.fixtures.ts'

type Preview = Awaited<ReturnType<typeof previewChange>>
type Row = Preview['gains']['rows'][number]

let world: PreviewWorld
beforeAll(async () => {
  world = await createPreviewWorld()
})

const userOf = (name: keyof PreviewWorld['users']) =>
  world.shop.owner.ok('getPortalUser', { user: world.users[name].id })
const groupOf = async (kind: string) =>
  (await world.shop.owner.ok('listPermissionGroups')).rows.find((group) => group.kind === kind)!
const settings = () => world.shop.owner.ok('getPortalSettings')

type Step = [title: string, operation: OperationName, input: () => Promise<Record<string, unknown>>]

const editGroup = (kind: string, permissions: Record<string, boolean>) => async () => {
  const { id, version } = await groupOf(kind)
  return { group: id, version, permissions }
}
const editLink = (name: keyof PreviewWorld['users'], change: () => object) => async () => {
  const { id, links } = await userOf(name)
  return { user: id, link: links[0]!.id, ...change() }
}
const editUser = (name: keyof PreviewWorld['users'], change: object) => async () => {
  const { id, version } = await userOf(name)
  return { user: id, version, ...change }
}
const editSettings = (change: (now: Awaited<ReturnType<typeof settings>>) => object) => async () => {
  const now = await settings()
  return { version: now.version, ...change(now) }
}

/** One after the other, each in the world that the one before left. */
const STEPS: Step[] = [
  ['a group loses tickets', 'updatePermissionGroup', editGroup('limited', { viewTickets: false })],
  ['a group gets tickets', 'updatePermissionGroup', editGroup('limited', { viewTickets: true })],
  ['a group loses one permission', 'updatePermissionGroup', editGroup('full', { createTickets: false })],
  ['a group is deleted', 'deletePermissionGroup', async () => ({ group: world.group, moveTo: 'default' })],
  [
    'a group is assigned',
    'updatePortalLink',
    editLink('olga', () => ({ group: null, permissions: { viewJobs: false } })),
  ],
  ['a link follows its group again', 'updatePortalLink', editLink('olga', () => ({ permissions: null }))],
  ['a contact gets the whole customer', 'updatePortalLink', editLink('ana', () => ({ scope: 'whole' }))],
  [
    'the whole customer becomes a contact',
    'updatePortalLink',
    editLink('ana', () => ({ scope: 'contact', contact: world.contacts.ana })),
  ],
  [
    'a user becomes another contact',
    'updatePortalLink',
    editLink('ben', () => ({ scope: 'contact', contact: world.contacts.ana })),
  ],
  [
    'a user gets their own permissions',
    'customizePermissions',
    editUser('naveed', { permissions: { viewTickets: false } }),
  ],
  ['own permissions are reset', 'resetPermissions', async () => ({ user: world.users.naveed.id })],
  [
    'services are taken away',
    'setTemplateAccess',
    async () => editUser('olga', { mode: 'replace', templates: [world.templates.inspection] })(),
  ],
  [
    'jobs of other services are shown',
    'updatePortalSettings',
    editSettings(() => ({ hideJobsOfOtherTemplates: false })),
  ],
  [
    'jobs of other services are hidden',
    'updatePortalSettings',
    editSettings(() => ({ hideJobsOfOtherTemplates: true })),
  ],
  ['the services follow the default again', 'setTemplateAccess', editUser('olga', { mode: 'default', templates: [] })],
  [
    'a switch is turned off',
    'updatePortalSettings',
    editSettings(({ switches }) => ({ switches: { ...switches, viewJobs: false } })),
  ],
  [
    'a switch is turned on',
    'updatePortalSettings',
    editSettings(({ switches }) => ({ switches: { ...switches, viewJobs: true } })),
  ],
  ['visitors may only write tickets', 'updatePortalSettings', editSettings(() => ({ visitors: 'minimal' }))],
  ['links of all customers need a password', 'updatePortalSettings', editSettings(() => ({ lockMode: 'password' }))],
  [
    'links of one customer open alone',
    'updateLinkLock',
    async () => ({ customer: world.customers.lone, lockMode: 'automatic' }),
  ],
  [
    'a portal user closes the link',
    'linkCustomer',
    async () => ({ user: world.users.olga.id, customer: world.customers.lone }),
  ],
  ['a link to a customer ends', 'unlinkCustomer', editLink('naveed', () => ({}))],
  ['a user is suspended', 'suspendPortalUser', async () => ({ user: world.users.ben.id })],
  [
    'a group is No access',
    'updatePortalLink',
    async () =>
      editLink('ana', () => ({}))().then(async (input) => ({
        ...input,
        group: (await groupOf('none')).id,
      })),
  ],
  ['a user is removed', 'removePortalUser', async () => ({ user: world.users.olga.id })],
  ['the portal is turned off', 'updatePortalSettings', editSettings(() => ({ enabled: false }))],
]

/** Somebody for whom this test sees no difference may be named all the same: for a permission that it does not try. */
function expectTrue(preview: Preview, before: Record<string, Seen>, after: Record<string, Seen>): void {
  for (const [name, was] of Object.entries(before)) {
    const is = after[name]!
    const rows = { gains: rowOf(preview.gains, name), loses: rowOf(preview.loses, name) }
    for (const kind of ['job', 'ticket'] as const) {
      const counts = { kind, before: was[kind], after: is[kind] }
      if (is[kind] > was[kind]) expect(rows.gains?.records, `${name} gains`).toContainEqual(counts)
      if (is[kind] < was[kind]) expect(rows.loses?.records, `${name} loses`).toContainEqual(counts)
      for (const row of Object.values(rows))
        for (const record of row?.records ?? []) if (record.kind === kind) expect(record, name).toEqual(counts)
    }
    expect(rows.gains?.isEntry ?? false, `${name} can enter`).toBe(is.enters && !was.enters)
    expect(rows.loses?.isEntry ?? false, `${name} cannot enter`).toBe(was.enters && !is.enters)
    expect(rows.gains?.permissions.includes('createTickets') ?? false, `${name} creates`).toBe(
      is.creates && !was.creates,
    )
    expect(rows.loses?.permissions.includes('createTickets') ?? false, `${name} creates`).toBe(
      was.creates && !is.creates,
    )
    if (is.books !== was.books)
      expect((is.books ? rows.gains : rows.loses)?.permissions, `${name} books`).toContain('createJobs')
  }
}

const rowOf = ({ rows }: Preview['gains'], name: string): Row | undefined => rows.find((row) => row.name === name)

/** Every row of every table that the account has a part in, as one text a table. */
async function readAllRows(): Promise<Record<string, unknown>> {
  return home.stored(async (db) => {
    const { rows: tables } = await sql<{ name: string }>`
      select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'people_sessions'`.execute(
      db,
    )
    const all: Record<string, unknown> = {}
    for (const { name } of tables) {
      const { rows } = await sql<{ rows: unknown }>`
        select md5(string_agg(row::text, '' order by row::text)) as rows from ${sql.table(name)} row
        where row::text like ${`%${world.shop.id}%`}`.execute(db)
      all[name] = rows[0]!.rows
    }
    return all
  })
}

const refused = (operation: OperationName, input: Record<string, unknown>, who = world.shop.owner) =>
  who.call('previewAccess', { operation, input })

describe('a preview', () => {
  it('leaves no trace: no row of any table, no email, no use of an idempotency key', async () => {
    const mailed = await world.shop.portalUser({ name: 'Rosa Martin', customers: [world.customers.quay] })
    await world.shop.owner.ok('updatePortalSettings', { version: (await settings()).version, mailOnRemoval: true })
    const change = { operation: 'suspendPortalUser' as const, input: { user: mailed.id } }
    const rows = await readAllRows()
    const mails = home.mails.length
    const preview = await world.shop.owner.ok('previewAccess', change, { headers: { 'idempotency-key': 'once' } })
    expect(preview.loses.rows).toMatchObject([{ name: 'Rosa Martin', isEntry: true }])
    expect(await readAllRows()).toEqual(rows)
    expect((await home.mailTo(mailed.email)).length).toBe(0)
    expect(home.mails.length).toBe(mails)
    expect((await mailed.ok('getPortal')).currentUser).not.toBeNull()
  })

  it('names ten people of each side and counts all of them', async () => {
    const customer = await world.shop.customer('Crescent Hall')
    const group = (
      await world.shop.owner.ok('createPermissionGroup', { name: 'Wardens', permissions: { viewTickets: true } })
    ).id
    for (let each = 0; each < 12; each++)
      await world.shop.portalUser({ name: `Warden ${String(each).padStart(2, '0')}`, customers: [customer], group })
    const change = { group, version: 1, permissions: { viewTickets: false, viewJobs: true } }
    const { gains, loses } = await previewChange(world, 'updatePermissionGroup', change)
    for (const side of [gains, loses]) {
      expect(side.count).toBe(12)
      expect(side.rows.map(({ name }) => name)).toEqual([...Array(10).keys()].map((each) => `Warden 0${each}`))
      expect(side.rows[0]!.customers).toEqual({ count: 1, names: ['Crescent Hall'] })
    }
    expect(gains.rows[0]!.permissions).toEqual(['viewJobs'])
    expect(loses.rows[0]!.permissions).toEqual(['viewTickets'])
  })

  it('is empty when nobody gains or loses anything', async () => {
    const nobody = { count: 0, rows: [] }
    const { group, users } = world
    const { version } = (await world.shop.owner.ok('listPermissionGroups')).rows.find((each) => each.id === group)!
    const renamed = await previewChange(world, 'updatePermissionGroup', { group, version, name: 'Residents' })
    expect(renamed).toEqual({ gains: nobody, loses: nobody, isComplete: true })
    const user = await userOf('olga')
    const same = { user: users.olga.id, link: user.links[0]!.id, scope: 'whole' }
    expect(await previewChange(world, 'updatePortalLink', same)).toEqual({
      gains: nobody,
      loses: nobody,
      isComplete: true,
    })
  })

  it('refuses what the change itself refuses', async () => {
    const { shop, group, users } = world
    const dispatcher = await shop.staff('dispatcher')
    const worker = await shop.staff('worker')
    const stranger = await home.business()
    expect(await refused('updatePermissionGroup', { group, version: 99 })).toMatchObject({
      status: 409,
      body: { code: 'editConflict' },
    })
    expect(await refused('updatePermissionGroup', { group, version: 'x' })).toMatchObject({
      status: 422,
      body: { fields: { version: { code: 'type' } } },
    })
    expect(await refused('updatePermissionGroup', { group, version: 1, surprise: 1 })).toMatchObject({
      status: 422,
      body: { fields: { surprise: { code: 'unknown' } } },
    })
    expect(await refused('suspendPortalUser', { user: users.olga.id }, dispatcher)).toMatchObject({ status: 403 })
    expect(await refused('updateLinkLock', { customer: world.customers.lone, lockMode: null }, worker)).toMatchObject({
      status: 403,
    })
    expect(await refused('suspendPortalUser', { user: users.olga.id }, stranger.owner)).toMatchObject({ status: 404 })
    for (const operation of ['createJob', 'removeStaff', 'previewAccess', 'toString'] as OperationName[])
      expect(await refused(operation, {}), operation).toMatchObject({ status: 422 })
  })
})

describe('a preview says what saving changes', () => {
  it.each(STEPS)('when %s', async (_title, operation, makeInput) => {
    const before = await lookAsEverybody(world)
    const input = await makeInput()
    const preview = await previewChange(world, operation, input)
    await world.shop.owner.ok(operation, input as never)
    expectTrue(preview, before, await lookAsEverybody(world))
    expect(preview.isComplete).toBe(true)
    expect(preview.gains.count + preview.loses.count).toBeGreaterThan(0)
  })
})
