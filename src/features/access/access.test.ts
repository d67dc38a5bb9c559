/** Access explained: what it says of everybody is what the API answers them, and each reason is the one that decides. */
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Person } from '../../../test/test-server.ts'
import {
  addLink,
  arrange,
  createAccessWorld,
  explain,
  home,
  look,
  type AccessWorld,
  type Seen,
} from './access.fixtures.ts'

let world: AccessWorld
beforeAll(async () => {
  world = await createAccessWorld()
  await change('portal_settings', { hide_jobs_of_other_templates: false })
})

type Name = keyof AccessWorld['users']
type Answer = Awaited<ReturnType<typeof explain>>
const rowOf = ({ portal }: Answer, id: string) => portal.find((row) => row.id === id)
const recordOf = (index: number) => world.records[index]!
const ruleFor = async (index: number, name: Name) => {
  const { kind, id } = recordOf(index)
  const user = world.users[name].id
  const row = rowOf(await explain(world, kind, id, user), user)!
  return [row.allowed, row.rule]
}

/** Changes what decides, straight in the database, and puts it back afterwards. */
async function change(
  table: 'portal_users' | 'portal_links' | 'portal_settings' | 'customers',
  set: object,
  id?: string,
) {
  await home.stored((db) => {
    const update = db
      .updateTable(table as 'customers')
      .set(set)
      .where('account_id', '=', world.shop.id)
    if (!id) return update.execute()
    return table === 'portal_links'
      ? update.where('portal_user_id' as 'id', '=', id).execute()
      : update.where('id', '=', id).execute()
  })
}

async function whileChanged<T>(
  changes: [...Parameters<typeof change>][],
  back: typeof changes,
  read: () => Promise<T>,
) {
  for (const each of changes) await change(...each)
  const result = await read()
  for (const each of back) await change(...each)
  return result
}

const [REPAIR, INSPECTION, , OF_ANA, WITH_ANA, OF_BEN] = [0, 1, 2, 3, 4, 5] as const

describe('who sees a record', () => {
  it('names the rule for whole customers, contacts and participants', async () => {
    expect(await ruleFor(OF_ANA, 'naveed')).toEqual([true, 'wholeCustomer'])
    expect(await ruleFor(OF_ANA, 'ana')).toEqual([true, 'contact'])
    expect(await ruleFor(WITH_ANA, 'ana')).toEqual([true, 'participant'])
    expect(await ruleFor(OF_BEN, 'ana')).toEqual([false, 'otherContact'])
    expect(await ruleFor(OF_ANA, 'olga')).toEqual([false, 'otherCustomer'])
    // Limited has no permission for jobs.
    expect(await ruleFor(REPAIR, 'ana')).toEqual([false, 'permissionOfGroup'])
  })

  it('names what keeps somebody out of the portal, the first reason first', async () => {
    const { id } = world.users.naveed
    const ruleWith = (...changes: [...Parameters<typeof change>][]) =>
      whileChanged(
        changes,
        [
          ['portal_users', { status: 'active', permissions: null }, id],
          ['portal_links', { group_id: null, permissions: null }, id],
          ['portal_settings', { enabled: true, hide_jobs_of_other_templates: false, switches: ALL }],
          ['customers', { status: 'active' }, world.customers.dockside],
        ],
        async () => (await ruleFor(INSPECTION, 'naveed'))[1],
      )
    const ALL = await home.stored(async (db) => {
      const row = await db
        .selectFrom('portal_settings')
        .select('switches')
        .where('account_id', '=', world.shop.id)
        .executeTakeFirstOrThrow()
      return JSON.stringify(row.switches)
    })
    const { rows: groups } = await world.shop.owner.ok('listPermissionGroups')
    const none = groups.find(({ kind }) => kind === 'none')!.id
    const no = JSON.stringify({ viewJobs: false })
    expect(await ruleWith()).toBe('wholeCustomer')
    expect(await ruleWith(['portal_settings', { enabled: false }])).toBe('portalOff')
    expect(await ruleWith(['portal_users', { status: 'invited' }, id])).toBe('notActivated')
    expect(await ruleWith(['portal_users', { status: 'suspended' }, id])).toBe('suspended')
    expect(await ruleWith(['portal_links', { group_id: none }, id])).toBe('disabled')
    expect(await ruleWith(['customers', { status: 'archived' }, world.customers.dockside])).toBe('archived')
    expect(await ruleWith(['portal_users', { permissions: no }, id])).toBe('permissionOfUser')
    expect(await ruleWith(['portal_links', { permissions: no }, id])).toBe('permissionOfLink')
    expect(await ruleWith(['portal_settings', { hide_jobs_of_other_templates: true }])).toBe('otherTemplate')
    const off = JSON.stringify({ ...(JSON.parse(ALL) as object), viewJobs: false })
    expect(await ruleWith(['portal_settings', { switches: off }])).toBe('permissionOfSwitch')
  })

  it('says why a secure link is closed, and who closes it', async () => {
    const customer = await world.shop.customer('Mill Cottages')
    const { id: ticket } = await world.dispatcher.ok('createTicket', { customer, subject: 'Leaking tap' })
    const { id } = await addLink(world, { customer })
    await world.shop.portalUser({ name: 'Rosa Martin', customers: [customer] })
    const row = rowOf(await explain(world, 'ticket', ticket), id)
    expect(row).toMatchObject({ kind: 'secureLink', allowed: false, rule: 'linkHasLogin', login: 'Rosa Martin' })
  })

  it('says of a link to one ticket that it opens this one or another', async () => {
    const customer = await world.shop.customer('Weir Cottages')
    const add = async () => (await world.dispatcher.ok('createTicket', { customer, subject: 'Leaking tap' })).id
    const [ticket, other] = [await add(), await add()]
    const { id } = await addLink(world, { customer, record: { kind: 'ticket', id: ticket } })
    const rowFor = async (each: string) => rowOf(await explain(world, 'ticket', each), id)
    expect(await rowFor(ticket)).toMatchObject({ kind: 'secureLink', allowed: true, rule: 'onlyRecord' })
    expect(await rowFor(other)).toMatchObject({ allowed: false, rule: 'otherRecord' })
  })

  it('names people of a ticket who have no login', async () => {
    const customer = await world.shop.customer('Lone Cottage')
    const contact = (await world.dispatcher.ok('addContact', { customer, name: 'Rosa Martin' })).id
    const { id } = await world.dispatcher.ok('createTicket', { customer, contact, subject: 'Leaking tap' })
    const { portal } = await explain(world, 'ticket', id)
    expect(portal).toMatchObject([{ kind: 'contact', name: 'Rosa Martin', allowed: false, rule: 'noLogin' }])
  })

  it('names the worker who is assigned, and counts everybody else by role', async () => {
    const { id } = recordOf(REPAIR)
    const before = await explain(world, 'job', id)
    expect(before.staff.filter(({ role }) => role === 'worker')).toMatchObject([
      { allowed: false, rule: 'notAssigned' },
    ])
    const { version } = await world.dispatcher.ok('getJob', { job: id })
    await world.dispatcher.ok('assignJob', { job: id, version, worker: world.worker.id, outright: true })
    const { staff } = await explain(world, 'job', id)
    expect(staff).toContainEqual({ role: 'worker', name: 'Marek Nowak', count: 1, allowed: true, rule: 'assigned' })
    expect((await world.worker.call('getJob', { job: id })).status).toBe(200)
    expect(staff).toContainEqual({ role: 'owner', name: null, count: 1, allowed: true, rule: 'everyRecord' })
  })

  it('is for owners, admins and dispatchers, and of their own account', async () => {
    const { kind, id } = recordOf(REPAIR)
    expect((await world.dispatcher.call('explainRecordAccess', { kind, record: id })).status).toBe(200)
    expect((await world.worker.call('explainRecordAccess', { kind, record: id })).status).toBe(403)
    const elsewhere = await home.business()
    expect((await elsewhere.owner.call('explainRecordAccess', { kind, record: id })).status).toBe(404)
    const { id: user } = world.users.ana
    expect((await elsewhere.owner.call('explainUserAccess', { user })).status).toBe(404)
  })

  it('leaves the reach of whoever asks as it was', async () => {
    const answer = await explain(world, 'ticket', recordOf(OF_ANA).id)
    // Staff are read after portal users, and links after both.
    expect(answer.staff.length).toBeGreaterThan(2)
    expect(answer.portal.map(({ name }) => name)).toContain('Ana Ruiz')
  })
})

const VALUE = fc.constantFrom(null, null, null, true, false)
const mostly = <T>(usual: T, ...others: T[]) =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) })
const GROUP = mostly(null, 'full', 'limited', 'none', 'custom')
const PERSON = fc.record({
  status: mostly('active', 'suspended'),
  group: GROUP,
  onLink: fc.tuple(VALUE, VALUE),
  onUser: fc.tuple(VALUE, VALUE),
  mode: fc.constantFrom('default', 'add', 'replace', 'hide'),
  template: fc.boolean(),
})
/** What the API answers somebody is one whole: what opens is listed, found, counted and exported. */
function expectWhole({ opened, listed, found, counted, exported }: Seen): void {
  expect([...listed].sort()).toEqual([...opened].sort())
  expect([...found].sort()).toEqual([...opened].sort())
  expect(counted.jobs + counted.tickets).toBe(opened.length)
  expect(exported).toBe(counted.tickets)
}

describe('the verdict', () => {
  it('is what the API answers, for everybody and every record, whatever is set', async () => {
    const here = await createAccessWorld()
    const { rows } = await here.shop.owner.ok('listPermissionGroups')
    const groups = new Map<string, string>(rows.map((group) => [group.kind, group.id]))
    const { dockside: customer } = here.customers
    const record = { kind: 'ticket' as const, id: here.records[OF_BEN]!.id }
    const links = [
      await addLink(here, { customer }),
      await addLink(here, { customer, contact: here.contacts.ana }),
      await addLink(here, { customer, record }),
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          people: fc.tuple(PERSON, PERSON, PERSON, PERSON),
          enabled: mostly(true, false),
          hides: fc.boolean(),
          archived: mostly(false, true),
          switches: mostly<[boolean, boolean]>([true, true], [false, true], [true, false]),
          lock: fc.constantFrom('automatic', 'password', 'closed'),
          held: mostly(false, true),
          isAlone: fc.boolean(),
        }),
        async (given) => {
          await arrange(here, groups, given)
          const visitors: [id: string, person: Person][] = []
          for (const { id, token } of links) {
            const browser = here.shop.visitor()
            await browser.call('openSecureLink', { token })
            visitors.push([id, browser])
          }
          const people: [id: string, person: Person][] = [
            ...Object.values(here.users).map((user): [string, Person] => [user.id, user]),
            ...visitors,
          ]
          const answers = new Map<string, Answer>()
          for (const { kind, id } of here.records) answers.set(id, await explain(here, kind, id))
          for (const [id, person] of people) {
            const seen = await look(person, here.records)
            expectWhole(seen)
            for (const record of here.records) {
              // Who is not named is of another customer.
              const row = rowOf(answers.get(record.id)!, id)
              expect(row?.allowed ?? false, `${id} ${row?.rule}`).toBe(seen.opened.includes(record.id))
            }
            const counts = await here.shop.owner.call('explainUserAccess', { user: id })
            if (counts.status === 200) expect(counts.body).toMatchObject(seen.counted)
            else expect(links.some((link) => link.id === id) || given.isAlone).toBe(true)
          }
        },
      ),
      { numRuns: 8 },
    )
  }, 120_000)
})
