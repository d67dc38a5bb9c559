/**
 * The demo: two businesses that know nothing of each other, with people, jobs and mail, told relative to today.
 * Loaded once (`portico demo`, or the first `portico serve --demo`); whoever has it keeps it as it is.
 */
import { Readable } from 'node:stream'
import type { Insertable, Kysely } from 'kysely'
import type pg from 'pg'
import { asSystem } from '../src/app.ts'
import { updateSearchText } from '../src/features/customers/queries.ts'
import { sendActivation } from '../src/features/portal-users/messages.ts'
import { emitMessages } from '../src/platform/delivery/outbox.ts'
import type { FileStore } from '../src/platform/files.ts'
import { fold } from '../src/platform/fold.ts'
import { newId } from '../src/platform/ids.ts'
import { hashPassword, newToken } from '../src/platform/secrets.ts'
import {
  calendar,
  chance,
  DAY,
  fillDays,
  MINUTE,
  openBook,
  type AttachedFile,
  type Book,
  type By,
  type CustomerOf,
  type StaffOf,
  type Step,
  type TemplateOf,
} from './book.ts'
import * as harbour from './harbour.ts'
import * as northside from './northside.ts'
import { anchor, display, flame, page } from './pictures.ts'
import type { DB } from '../db/schema.gen.ts'

/** Of everyone in the demo, and of nobody outside it. */
export const DEMO_PASSWORD = 'Welcome to the demo'

/** Whom to sign in as, shown at start and proven by the tests. */
export const DEMO_SIGN_INS = [
  { who: 'Ruth Calloway', is: 'owner of Harbour', at: 'office', slug: 'harbour', email: 'ruth@harbour-repair.example' },
  {
    who: 'Ben Okafor',
    is: 'dispatcher at Harbour',
    at: 'office',
    slug: 'harbour',
    email: 'ben@harbour-repair.example',
  },
  { who: 'Marek Nowak', is: 'worker at Harbour', at: 'office', slug: 'harbour', email: 'marek@harbour-repair.example' },
  {
    who: 'Grace Adeyemi',
    is: 'admin of both businesses',
    at: 'office',
    slug: 'harbour',
    email: 'grace@backoffice.example',
  },
  {
    who: 'Eleanor Finch',
    is: 'customer of Harbour',
    at: 'portal',
    slug: 'harbour',
    email: 'eleanor.finch@post.example',
  },
  {
    who: 'Naveed Aslam',
    is: 'manages seven customers',
    at: 'portal',
    slug: 'harbour',
    email: 'naveed@docksidelettings.example',
  },
  {
    who: 'Alan Threlfall',
    is: 'owner of Northside',
    at: 'office',
    slug: 'northside',
    email: 'alan@northside-heating.example',
  },
  {
    who: 'Colin Dunne',
    is: 'customer of Northside',
    at: 'portal',
    slug: 'northside',
    email: 'colin.dunne@post.example',
  },
] as const

export interface DemoOptions {
  /** portico_system. */
  pool: pg.Pool
  files: FileStore
  now: Date
  /** Ends the Message-IDs of the demo's mail. */
  host: string
}

/** Loads what is missing of the two businesses; answers the slugs it loaded. Each comes whole or not at all. */
export async function loadDemo(options: DemoOptions): Promise<string[]> {
  const loaded: string[] = []
  let password: Promise<string> | undefined
  for (const [slug, load] of [
    ['harbour', loadHarbour],
    ['northside', loadNorthside],
  ] as const) {
    const there = await asSystem(options.pool, 'is the demo there?', (db) =>
      db.selectFrom('account_slugs').select('account_id').where('slug', '=', slug).executeTakeFirst(),
    )
    if (there) continue
    const hash = await (password ??= hashPassword(DEMO_PASSWORD))
    await load({ ...options, hash })
    loaded.push(slug)
  }
  return loaded
}

type Loading = DemoOptions & { hash: string }

// ---- one business ----

interface Business {
  id: string
  slug: string
  name: string
  zone: string
  accent: string
  logo: string
  email: string
  phone: string
  address: string
  since: Date
  portal: { public: boolean; introduction: string; templates: string[] }
}

/** What every business has, written in one transaction with all its rows. */
async function write(
  { pool, now, hash, host }: Loading,
  business: Business,
  staff: StaffMember[],
  book: Book,
  lastNumber: number,
  waiting: string[],
): Promise<void> {
  const { id, since } = business
  const rows = book.rows(lastNumber)
  await asSystem(pool, `demo data of ${business.slug}`, async (db) => {
    await db.insertInto('accounts').values({ id, kind: 'business', status: 'active', created_at: since }).execute()
    await db
      .insertInto('account_slugs')
      .values({ slug: business.slug, account_id: id, is_current: true, created_at: since })
      .execute()
    await db
      .insertInto('account_settings')
      .values({
        account_id: id,
        name: business.name,
        time_zone: business.zone,
        locale: 'en-GB',
        currency: 'GBP',
        accent: business.accent,
        logo_key: business.logo,
        logo_type: 'image/png',
        support_email: business.email,
        support_phone: business.phone,
        postal_address: business.address,
        updated_at: now,
      })
      .execute()
    await db
      .insertInto('portal_settings')
      .values({
        account_id: id,
        enabled: true,
        public: business.portal.public,
        introduction: business.portal.introduction,
        templates: business.portal.templates,
        updated_at: now,
      })
      .execute()
    await writeStaff(db, id, staff, hash, now)
    // In an order that foreign keys like.
    for (const table of [
      'customers',
      'contacts',
      'sites',
      'templates',
      'template_versions',
      'counters',
      'jobs',
      'comments',
      'history',
      'files',
      'portal_users',
      'portal_links',
      'tokens',
      'outbox',
      'deliveries',
      'audit',
    ] as const)
      await insertAll(db, table, rows[table])
    // The text a customer is found by is the business of its own feature.
    for (const customer of rows.customers ?? []) await updateSearchText(db, { account: id, customer: customer.id })
    for (const user of waiting) {
      const row = await db
        .selectFrom('portal_users')
        .select(['id', 'email', 'name', 'locale', 'password_hash'])
        .where('account_id', '=', id)
        .where('email_norm', '=', user)
        .executeTakeFirstOrThrow()
      await sendActivation(
        {
          db: db as never,
          account: { id },
          now,
          newId,
          emit: async (emission) => {
            await emitMessages(db, id, [emission], { now, host })
          },
        },
        row,
      )
    }
  })
}

async function insertAll<T extends keyof DB>(db: Kysely<DB>, table: T, rows: Insertable<DB[T]>[] = []): Promise<void> {
  for (let from = 0; from < rows.length; from += 400)
    await db
      .insertInto(table)
      .values(rows.slice(from, from + 400) as never)
      .execute()
}

interface StaffMember extends StaffOf {
  email: string
  status?: 'active' | 'invited' | 'deactivated'
}

async function writeStaff(
  db: Kysely<DB>,
  account: string,
  staff: StaffMember[],
  hash: string,
  now: Date,
): Promise<void> {
  for (const { id, name, email, role, status = 'active' } of staff) {
    // One person may work for several businesses: the same row of people.
    const known = await db.selectFrom('people').select('id').where('email_norm', '=', email).executeTakeFirst()
    const person = known?.id ?? newId()
    if (!known)
      await db
        .insertInto('people')
        .values({
          id: person,
          email,
          email_norm: email,
          name,
          password_hash: status === 'invited' ? null : hash,
          created_at: now,
          updated_at: now,
        })
        .execute()
    await db
      .insertInto('staff_members')
      .values({
        account_id: account,
        id,
        person_id: person,
        email,
        name: status === 'invited' ? null : name,
        role,
        status,
        created_at: now,
        updated_at: now,
      })
      .execute()
  }
}

interface UserPlan {
  email: string
  name?: string
  phone?: string
  status?: 'invited' | 'signed_up' | 'active' | 'suspended' | 'removed'
  customers?: CustomerOf[]
  since: number
  seen?: number
  permissions?: object
  templatesMode?: 'add' | 'replace' | 'hide'
  templates?: TemplateOf[]
}

/** A portal user with links. Customers learn who may book for them. */
function addPortalUser(
  book: Book,
  { account, now, hash, offered }: { account: string; now: Date; hash: string; offered: string[] },
  plan: UserPlan,
): string {
  const id = newId()
  const { email, name, status = 'active', customers = [] } = plan
  const made = new Date(now.getTime() - plan.since * DAY)
  const wasIn = status !== 'invited' && status !== 'signed_up'
  book.add('portal_users', {
    account_id: account,
    id,
    email,
    email_norm: email.toLowerCase(),
    password_hash: status === 'invited' || status === 'removed' ? null : hash,
    name: name ?? null,
    phone: plan.phone ?? null,
    status,
    permissions: plan.permissions ? JSON.stringify(plan.permissions) : null,
    templates_mode: plan.templatesMode ?? 'default',
    templates: (plan.templates ?? []).map((each) => each.id),
    search_text: fold(name, email),
    activated_at: wasIn ? new Date(made.getTime() + 3 * 60 * MINUTE) : null,
    last_sign_in_at: plan.seen === undefined ? null : new Date(now.getTime() - plan.seen * MINUTE),
    removed_at: status === 'removed' ? new Date(now.getTime() - 3 * DAY) : null,
    created_at: made,
    updated_at: made,
  })
  const own = (plan.templates ?? []).map((each) => each.id)
  const books = new Set(
    { default: offered, add: [...offered, ...own], replace: own, hide: offered.filter((each) => !own.includes(each)) }[
      plan.templatesMode ?? 'default'
    ],
  )
  for (const customer of status === 'removed' ? [] : customers) {
    book.add('portal_links', {
      account_id: account,
      id: newId(),
      portal_user_id: id,
      customer_id: customer.id,
      created_at: made,
      updated_at: made,
    })
    if (name && status === 'active') customer.portalUsers.push({ id, name, since: made, books })
  }
  return id
}

interface Mail {
  kind: string
  to: string
  name?: string
  about: { kind: 'portalUser' | 'staffMember' | 'job'; id: string }
  at: Date
  outcome?: 'sent' | 'refused'
  detail?: string
  /** Its link: used already, or still open somewhere in a mailbox. */
  link?: { kind: 'portalActivation' | 'staffInvitation'; status: 'spent' | 'open' }
  vars?: Record<string, string | number>
}

/** Mail that went out, or could not. What held a token has lost it, as after every delivery. */
function addMail(
  book: Book,
  account: string,
  host: string,
  { kind, to, name, about, at, outcome = 'sent', detail = '250 2.0.0 OK', link, vars = {} }: Mail,
): void {
  const id = newId()
  const sentAt = new Date(at.getTime() + 4000)
  const until = new Date(at.getTime() + 7 * DAY)
  const { token, hash } = newToken()
  if (link)
    book.add('tokens', {
      account_id: account,
      id: newId(),
      kind: link.kind,
      subject_id: about.id,
      hash,
      email_norm: to,
      created_at: at,
      expires_at: until,
      used_at: link.status === 'spent' ? new Date(at.getTime() + 3 * 60 * MINUTE) : null,
    })
  book.add('outbox', {
    account_id: account,
    id,
    kind,
    to_address: to,
    to_name: name ?? null,
    subject_kind: about.kind,
    subject_id: about.id,
    locale: 'en',
    payload: JSON.stringify({
      ...vars,
      ...(link && { until: until.toISOString(), ...(outcome === 'refused' && { token }) }),
    }),
    secret: link !== undefined,
    link_kind: link ? 'invitation' : null,
    status: outcome === 'sent' ? 'sent' : 'failed',
    attempts: 1,
    next_at: at,
    message_id: `<${id}@${host}>`,
    last_result: detail,
    sent_at: outcome === 'sent' ? sentAt : null,
    created_at: at,
  })
  book.add('deliveries', { account_id: account, id: newId(), outbox_id: id, attempt: 1, at: sentAt, outcome, detail })
}

const SPENT = { kind: 'portalActivation', status: 'spent' } as const,
  OPEN = { kind: 'portalActivation', status: 'open' } as const

const member = (name: string, role: StaffOf['role'], email: string, status?: StaffMember['status']): StaffMember => ({
  id: newId(),
  name,
  role,
  email,
  ...(status && { status }),
})

// ---- Harbour Appliance Repair ----

async function loadHarbour(loading: Loading): Promise<void> {
  const { now, files, hash, host } = loading
  const id = newId(),
    zone = 'Europe/London',
    seed = 1066
  const { at, past, coming, ago } = calendar(now, zone)
  const since = at(-1700, '09:00')
  const book = openBook(id, now)

  const ruth = member('Ruth Calloway', 'owner', 'ruth@harbour-repair.example')
  const grace = member('Grace Adeyemi', 'admin', 'grace@backoffice.example')
  const ben = member('Ben Okafor', 'dispatcher', 'ben@harbour-repair.example')
  const marek = member('Marek Nowak', 'worker', 'marek@harbour-repair.example')
  const priya = member('Priya Raman', 'worker', 'priya@harbour-repair.example')
  const tom = member('Tom Ashdown', 'worker', 'tom@harbour-repair.example')
  const leila = member('Leila Haddad', 'worker', 'leila@harbour-repair.example')
  const callum = member('Callum Reid', 'worker', 'callum@harbour-repair.example', 'invited')
  const staff = [
    ruth,
    grace,
    ben,
    marek,
    priya,
    tom,
    leila,
    callum,
    member('Steve Hallett', 'worker', 'steve@harbour-repair.example', 'deactivated'),
  ]

  const templates = harbour.templates.map((plan, index) => book.template({ ...plan, position: index + 1, since }))
  const T = Object.fromEntries(templates.map((template) => [template.key, template]))
  const offered = harbour.templates.flatMap((plan, index) => (plan.offered ? [templates[index]!.id] : []))

  const luck = chance(seed)
  const customers = harbour.customers.map((plan, index) =>
    book.customer({
      name: plan.name,
      reference: `C-${String(200 + index * 3).padStart(4, '0')}`,
      business: plan.business ?? false,
      notes: plan.notes ?? '',
      since: at(-Math.round((plan.years ?? luck.from(1, 30) / 10) * 365) - luck.from(0, 60), '10:00'),
      ...(plan.billing && { billing: { name: plan.name, email: plan.billing } }),
      sites: plan.sites.map(([address, latitude, longitude, name]) => ({
        address,
        at: [latitude, longitude],
        ...(name && { name }),
      })),
      contacts: plan.people.map(([name, role, email, phone]) => ({
        name,
        ...(role && { role }),
        ...(email && { email }),
        ...(phone && { phone }),
      })),
    }),
  )
  const C = (name: string): CustomerOf => customers.find((each) => each.name === name)!

  // ---- who may come in ----
  const world = { account: id, now, hash, offered }
  const user = (plan: UserPlan) => addPortalUser(book, world, plan)
  const mail = (sent: Mail) => addMail(book, id, host, sent)
  const seven = [
    'Dockside Lettings',
    'Quayside Studios',
    'Harbourside Apartments',
    'Pelican Quay Residents',
    'Gas Ferry Lofts',
    'Redcliffe Wharf House',
    'Ferryman’s Court',
  ].map(C)
  const eleanor = user({
    email: 'eleanor.finch@post.example',
    name: 'Eleanor Finch',
    phone: '07700 900142',
    customers: [C('Eleanor Finch'), C('Redcliffe Parade Lettings')],
    since: 640,
    seen: 15,
  })
  const naveed = user({
    email: 'naveed@docksidelettings.example',
    name: 'Naveed Aslam',
    phone: '07700 900441',
    customers: seven,
    since: 285,
    seen: 6 * 1440,
    templatesMode: 'add',
    templates: [T.landlord!],
  })
  user({
    email: 'carys@docksidelettings.example',
    name: 'Carys Bevan',
    phone: '07700 900126',
    customers: [C('Dockside Lettings')],
    since: 120,
    seen: 2 * 1440,
    permissions: { createJobs: true, chooseTemplates: true, editJobs: true, cancelJobs: false, deleteJobs: false },
    templatesMode: 'replace',
    templates: [T.washer!, T.dishwasher!, T.landlord!],
  })
  const oliver = user({
    email: 'oliver@locksidehotel.example',
    name: 'Oliver Marchant',
    phone: '07700 900555',
    customers: [C('Lockside Hotel')],
    since: 400,
    seen: 1440,
    templatesMode: 'add',
    templates: [T.laundry!],
  })
  user({
    email: 'idris.mirza@post.example',
    name: 'Idris Mirza',
    phone: '07700 900211',
    customers: [C('Idris Mirza')],
    since: 85,
    seen: 2 * 1440,
  })
  user({
    email: 'greg@grainbarge.example',
    name: 'Greg Tallis',
    phone: '07700 900620',
    customers: [C('The Grain Barge')],
    since: 260,
    seen: 10 * 1440,
  })
  user({
    email: 'sofia.lindqvist@post.example',
    name: 'Sofia Lindqvist',
    phone: '07700 900213',
    customers: [C('Sofia Lindqvist')],
    since: 322,
    seen: 26 * 1440,
  })
  user({
    email: 'hannah.prewett@post.example',
    name: 'Hannah Prewett',
    phone: '07700 900215',
    customers: [C('Hannah Prewett')],
    since: 70,
    seen: 4 * 1440,
    templatesMode: 'hide',
    templates: [T.install!],
  })
  user({
    email: 'tess@millgym.example',
    name: 'Tess Oakley',
    phone: '07700 900718',
    customers: [C('The Mill Gym')],
    since: 190,
    seen: 8 * 1440,
    templatesMode: 'add',
    templates: [T.laundry!],
  })
  for (const [index, name] of [
    'Amina Hussain',
    'Peter Lowe',
    'Julia Sayer',
    'Kieran Doyle',
    'Lena Beck',
    'Zoë Brandão',
    'Yusuf Çelik',
  ].entries())
    user({
      email: harbour.customers.find((each) => each.name === name)!.people[0]![2],
      name,
      customers: [C(name)],
      since: 30 + index * 17,
      seen: (3 + index * 2) * 1440,
    })
  user({ email: 'samir.patel@post.example', name: 'Samir Patel', since: 1, seen: 200 })
  const jonas = user({
    email: 'jonas.wetherby@post.example',
    name: 'Jonas Wetherby',
    status: 'suspended',
    since: 180,
    seen: 176 * 1440,
  })
  const dana = user({
    email: 'dana.whitlock@post.example',
    name: 'Dana Whitlock',
    status: 'removed',
    since: 210,
    seen: 40 * 1440,
  })
  const accounts = user({
    email: 'accounts@locksidehotel.example',
    status: 'invited',
    customers: [C('Lockside Hotel')],
    since: 1,
  })
  const maintenance = user({
    email: 'maintenance@docksidelettings.example',
    status: 'invited',
    customers: [C('Dockside Lettings')],
    since: 1,
  })
  const caretaker = user({
    email: 'caretaker@ashtonvale.example',
    status: 'invited',
    customers: [C('Ashton Vale Nursery')],
    since: 5,
  })
  user({
    email: 'reception@southville.example',
    status: 'invited',
    customers: [C('Southville Community Centre')],
    since: 0,
  })
  user({
    email: 'martha.okonkwo@post.example',
    name: 'Martha Okonkwo',
    status: 'signed_up',
    customers: [C('Martha Okonkwo')],
    since: 0,
  })

  mail({
    kind: 'portalInvitation',
    to: 'naveed@docksidelettings.example',
    about: { kind: 'portalUser', id: naveed },
    at: new Date(now.getTime() - 285 * DAY),
    link: SPENT,
  })
  mail({
    kind: 'portalInvitation',
    to: 'oliver@locksidehotel.example',
    about: { kind: 'portalUser', id: oliver },
    at: new Date(now.getTime() - 400 * DAY),
    link: SPENT,
  })
  mail({
    kind: 'portalActivation',
    to: 'eleanor.finch@post.example',
    name: 'Eleanor Finch',
    about: { kind: 'portalUser', id: eleanor },
    at: new Date(now.getTime() - 640 * DAY),
    link: SPENT,
  })
  mail({
    kind: 'portalActivation',
    to: 'jonas.wetherby@post.example',
    name: 'Jonas Wetherby',
    about: { kind: 'portalUser', id: jonas },
    at: new Date(now.getTime() - 180 * DAY),
    link: SPENT,
  })
  mail({
    kind: 'portalActivation',
    to: 'dana.whitlock@post.example',
    name: 'Dana Whitlock',
    about: { kind: 'portalUser', id: dana },
    at: new Date(now.getTime() - 210 * DAY),
    link: SPENT,
  })
  mail({
    kind: 'portalPasswordChanged',
    to: 'eleanor.finch@post.example',
    name: 'Eleanor Finch',
    about: { kind: 'portalUser', id: eleanor },
    at: past(-12, '20:14'),
  })
  mail({
    kind: 'portalInvitation',
    to: 'accounts@locksidehotel.example',
    about: { kind: 'portalUser', id: accounts },
    at: ago(1440),
    link: OPEN,
  })
  mail({
    kind: 'portalInvitation',
    to: 'maintenance@docksidelettings.example',
    about: { kind: 'portalUser', id: maintenance },
    at: ago(1380),
    link: OPEN,
  })
  mail({
    kind: 'portalInvitation',
    to: 'caretaker@ashtonvale.example',
    about: { kind: 'portalUser', id: caretaker },
    at: ago(5 * 1440),
    outcome: 'refused',
    detail: '550 5.1.1 No such mailbox',
    link: OPEN,
  })

  mail({
    kind: 'staffInvitation',
    to: callum.email,
    about: { kind: 'staffMember', id: callum.id },
    at: ago(2 * 1440),
    link: { kind: 'staffInvitation', status: 'open' },
    vars: { inviter: ruth.name, role: 'worker' },
  })
  /** What a booking in the portal sends to the customer and to the office. */
  const booked =
    (booker: { id: string; name: string; email: string }, title: string, at: Date, requested: Date | null) =>
    ({ id: job, number }: { id: string; number: number }) => {
      for (const to of [booker, ruth, grace, ben])
        mail({
          kind: to === booker ? 'jobBooked' : 'jobBookedOffice',
          to: to.email,
          name: to.name,
          about: { kind: 'job', id: job },
          at,
          vars: {
            job,
            title,
            numbers: String(number),
            count: 1,
            requestedAt: requested?.toISOString() ?? '',
            booker: booker.name,
            reader: to.id,
          },
        })
    }

  // ---- the jobs everybody talks about ----
  const of = (who: StaffOf): By => ({ kind: 'staff', who })
  const she: By = { kind: 'portalUser', id: eleanor, name: 'Eleanor Finch' }
  const herself = { id: eleanor, name: 'Eleanor Finch', email: 'eleanor.finch@post.example' }
  const kept = async (name: string, bytes: Buffer, by: By, moment: Date, field?: string): Promise<AttachedFile> => {
    const { name: clean, ...stored } = await files.put(Readable.from([bytes]), { account: id, name })
    return {
      name: clean,
      type: stored.type,
      size: stored.size,
      key: stored.key,
      by,
      at: moment,
      ...(field && { field }),
    }
  }
  const assign = (moment: Date, who: StaffOf, scheduled: Date): Step => ({
    at: moment,
    to: 'assigned',
    by: of(ben),
    worker: who,
    scheduled,
  })
  const quarter = (moment: Date) => new Date(Math.round(moment.getTime() / (15 * MINUTE)) * 15 * MINUTE)
  const asked = past(-3, '19:42'),
    set = past(-2, '09:05')
  book.job({
    customer: C('Eleanor Finch'),
    template: T.dishwasher!,
    created: asked,
    by: she,
    requested: at(0, '09:00'),
    written: booked(herself, T.dishwasher!.name, asked, at(0, '09:00')),
    steps: [
      { ...assign(set, marek, quarter(ago(12))), by: of(ruth) },
      { at: ago(4), to: 'started', by: of(marek) },
    ],
    answers: {
      make: 'Bosch',
      model: 'SMS6ZCI00G',
      fault: 'Water stays in the bottom after every wash. Code E24.',
      symptoms: ['Does not drain'],
      rinse: true,
      parking: false,
    },
    said: [
      {
        at: new Date(set.getTime() + MINUTE),
        by: of(ruth),
        audience: 'customer',
        body: 'Good morning. Marek brings a new drain pump. Could you clear the cupboard next to the dishwasher?',
      },
      {
        at: new Date(set.getTime() + 205 * MINUTE),
        by: she,
        audience: 'customer',
        body: 'Done. The code for the gate is on the photo.',
      },
      { at: ago(9), by: of(ben), audience: 'internal', body: 'Pump is in van 2, second shelf.' },
    ].filter((each) => each.at < now) as never,
    files: [
      await kept('display-e24.jpg', await display('E24'), she, asked, 'photos'),
      await kept(
        'warranty.pdf',
        page('Warranty', [
          'Bosch SMS6ZCI00G',
          'Five years on parts, two on work.',
          'Bought in Bristol. Keep this page.',
        ]),
        she,
        asked,
      ),
    ],
  })
  const hero = (
    customer: string,
    template: TemplateOf,
    created: Date,
    more: Partial<Parameters<Book['job']>[0]> = {},
  ) =>
    book.job({
      customer: C(customer),
      template,
      created,
      by: of(ben),
      answers: harbour.answers(template.key, template.versions.at(-1)!, luck, false, at),
      ...more,
    })
  const office = new Date(Math.max(past(-1, '15:00').getTime(), set.getTime() + MINUTE))
  const laterThan = (moment: Date, minutes: number) => new Date(moment.getTime() + minutes * MINUTE)

  hero('Redcliffe Parade Lettings', T.washer!, ago(50), {
    by: she,
    requested: coming(7, '13:00'),
    written: booked(herself, T.washer!.name, ago(50), coming(7, '13:00')),
  })
  hero('Lockside Hotel', T.laundry!, ago(35), {
    by: { kind: 'portalUser', id: oliver, name: 'Oliver Marchant' },
    requested: coming(0, '16:00'),
    answers: { make: 'Miele', model: 'PW 6080', fault: 'Drum does not turn.', symptoms: ['Drum does not turn'] },
    said: [
      {
        at: ago(30),
        by: { kind: 'portalUser', id: oliver, name: 'Oliver Marchant' },
        audience: 'customer',
        body: 'Laundry is down, 40 rooms tonight. Please call reception on arrival.',
      },
      {
        at: ago(26),
        by: of(ben),
        audience: 'internal',
        body: 'Belt is in van 2. Marek could swap with the washing machine at Dockside.',
      },
    ],
    tags: ['urgent'],
    written: booked(
      { id: oliver, name: 'Oliver Marchant', email: 'oliver@locksidehotel.example' },
      T.laundry!.name,
      ago(35),
      coming(0, '16:00'),
    ),
  })
  hero('Ashton Vale Nursery', T.fridge!, office, { steps: [assign(laterThan(office, 20), tom, coming(1, '08:00'))] })
  hero('Eleanor Finch', T.service!, laterThan(office, 4), {
    by: she,
    site: C('Eleanor Finch').sites[1]!,
    steps: [assign(laterThan(office, 31), priya, coming(5, '08:00'))],
    answers: { which: ['Fridge or freezer'] },
  })
  hero('Idris Mirza', T.install!, laterThan(office, 9), {
    steps: [assign(laterThan(office, 45), leila, coming(1, '13:00'))],
  })
  hero('Martha Okonkwo', T.dryer!, past(-3, '10:12'), {
    steps: [
      assign(past(-3, '11:00'), tom, past(-2, '09:30')),
      { at: past(-2, '09:36'), to: 'started', by: of(tom) },
      { at: past(-2, '10:20'), to: 'paused', by: of(tom), reason: 'Waiting for parts' },
    ],
    said: [
      {
        at: past(-2, '10:24'),
        by: of(tom),
        audience: 'customer',
        body: 'The heater is broken. I have ordered it and come back as soon as it is here.',
      },
    ],
  })
  hero('The Grain Barge', T.oven!, past(-2, '12:02'), {
    steps: [assign(past(-2, '13:00'), leila, quarter(ago(40))), { at: ago(33), to: 'started', by: of(leila) }],
  })
  hero('Dockside Lettings', T.washer!, past(-2, '14:10'), {
    by: { kind: 'portalUser', id: naveed, name: 'Naveed Aslam' },
    steps: [assign(past(-2, '15:00'), marek, coming(0, '13:30'))],
  })
  hero('Sofia Lindqvist', T.fridge!, past(-2, '14:55'), {
    steps: [assign(past(-2, '15:20'), marek, coming(0, '14:30'))],
  })
  hero('Brunel Dental Practice', T.service!, past(-8, '09:40'), {
    steps: [
      assign(past(-8, '10:05'), priya, past(0, '08:00')),
      { at: past(0, '08:03'), to: 'started', by: of(priya) },
      { at: laterThan(past(0, '08:03'), 7), to: 'completed', by: of(priya) },
    ],
    answers: { which: ['Washing machine'], found: 'Filters cleaned, hoses renewed.', safe: true, hours: '2210' },
  })
  hero('Jonas Wetherby', T.dishwasher!, past(-5, '11:11'), {
    steps: [
      assign(past(-5, '12:00'), leila, at(2, '09:00')),
      { at: past(-4, '08:40'), to: 'postponed', by: of(ben), requested: coming(9, '09:00') },
    ],
  })
  hero('Hannah Prewett', T.oven!, past(-4, '16:30'), {
    steps: [{ at: past(-3, '09:00'), to: 'canceled', by: of(ben), reason: 'No time' }],
  })
  hero('Eleanor Finch', T.oven!, past(-9, '18:20'), {
    by: she,
    site: C('Eleanor Finch').sites[1]!,
    steps: [
      assign(past(-8, '09:00'), tom, at(-5, '10:00')),
      { at: past(-6, '17:30'), to: 'postponed', by: of(ben), requested: coming(6, '09:00') },
    ],
  })
  hero('Eleanor Finch', T.dryer!, past(-28, '20:01'), {
    by: she,
    steps: [
      assign(past(-27, '09:20'), priya, past(-24, '10:00')),
      { at: past(-24, '10:06'), to: 'started', by: of(priya) },
      { at: past(-24, '10:58'), to: 'completed', by: of(priya) },
    ],
    answers: {
      make: 'Siemens',
      fault: 'Drum turns, air stays cold.',
      found: 'Heater replaced, tested with a full run.',
      safe: true,
    },
  })
  hero('Eleanor Finch', T.install!, past(-34, '09:12'), {
    by: she,
    site: C('Eleanor Finch').sites[2]!,
    steps: [{ at: past(-31, '18:44'), to: 'canceled', by: she }],
    answers: { kind: 'Washing machine', model: 'Bosch WAN28282GB' },
  })
  // A worker's refusal goes straight back to the office; nobody outside ever reads its reason.
  hero('Temi Abara', T.washer!, past(-2, '08:30'), {
    steps: [
      { at: past(-2, '09:10'), to: 'pending', by: of(ben), worker: tom, scheduled: coming(1, '10:00') },
      { at: past(-2, '09:40'), to: 'declined', by: of(tom), reason: 'Van is off the road' },
      { at: past(-2, '09:40'), to: 'unassigned', by: { kind: 'system' } },
    ],
  })

  // Left behind by the program they used before: an import may bring a job in any status (E-40).
  book.job({
    customer: C('Rory Keane'),
    template: T.fridge!,
    created: past(-6, '09:00'),
    by: { kind: 'system' },
    imported: 'declined',
    answers: { make: 'LG', fault: 'Water inside.' },
    tags: ['old program'],
  })
  book.job({
    customer: C('Nora Frame'),
    template: T.service!,
    created: past(-60, '09:00'),
    by: { kind: 'system' },
    imported: 'canceled',
    tags: ['old program'],
  })

  const laundries = new Set(['Lockside Hotel', 'The Mill Gym'])
  fillDays(book, {
    // Eleanor's own jobs are all told above.
    now,
    zone,
    seed,
    customers: customers.filter((each) => each !== C('Eleanor Finch')),
    dispatchers: [ben, ben, ruth],
    workers: [marek, priya, tom, leila],
    words: harbour.words,
    wants: (customer, dice) => {
      if (laundries.has(customer.name) && dice.perhaps(0.7)) return T.laundry!
      if (seven.includes(customer) && dice.perhaps(0.3)) return T.landlord!
      return T[
        dice.one([
          'washer',
          'washer',
          'dishwasher',
          'dishwasher',
          'fridge',
          'oven',
          'dryer',
          'install',
          'service',
          'service',
        ])
      ]!
    },
    answers: (template, dice, done) => harbour.answers(template.key, template.versions.at(-1)!, dice, done, at),
    counts: {
      completed: 188,
      canceled: 9,
      postponed: 4,
      unassigned: 5,
      unpublished: 3,
      pending: 5,
      assigned: 15,
      started: 1,
      paused: 1,
    },
  })

  const logo = await files.put(Readable.from([await anchor('#0f6b7c')]), {
    account: id,
    name: 'anchor.png',
    purpose: 'logo',
  })
  await write(
    loading,
    {
      id,
      slug: 'harbour',
      name: 'Harbour Appliance Repair',
      zone,
      accent: '#0f6b7c',
      logo: logo.key,
      since,
      email: 'help@harbour-repair.example',
      phone: '0117 496 0142',
      address: '18 Wapping Wharf, Bristol BS1 6UD',
      portal: {
        public: true,
        templates: offered,
        introduction:
          'For our customers in Bristol and Bath. We repair, install and service home and commercial appliances of every make.',
      },
    },
    staff,
    book,
    1064,
    ['reception@southville.example', 'martha.okonkwo@post.example'],
  )
}

// ---- Northside Heating ----

async function loadNorthside(loading: Loading): Promise<void> {
  const { now, files, hash, host } = loading
  const id = newId(),
    zone = 'Europe/London',
    seed = 1987
  const { at, ago } = calendar(now, zone)
  const since = at(-800, '09:00')
  const book = openBook(id, now)
  const alan = member('Alan Threlfall', 'owner', 'alan@northside-heating.example')
  const joanne = member('Joanne Kerr', 'dispatcher', 'joanne@northside-heating.example')
  const dale = member('Dale Hutton', 'worker', 'dale@northside-heating.example')
  const ines = member('Inês Duarte', 'worker', 'ines@northside-heating.example')
  const staff = [alan, member('Grace Adeyemi', 'admin', 'grace@backoffice.example'), joanne, dale, ines]

  const templates = northside.templates.map((plan, index) => book.template({ ...plan, position: index + 1, since }))
  const customers = northside.customers.map((plan, index) =>
    book.customer({
      name: plan.name,
      reference: `N${101 + index}`,
      business: plan.business ?? false,
      since: at(-300 - index * 31, '10:00'),
      sites: [{ address: plan.address, at: plan.at }],
      contacts: [
        { name: plan.business ? 'Office' : plan.name, phone: `0191 498 0${String(120 + index * 7).padStart(3, '0')}` },
      ],
    }),
  )
  const world = { account: id, now, hash, offered: templates.map((each) => each.id) }
  const colin = addPortalUser(book, world, {
    email: 'colin.dunne@post.example',
    name: 'Colin Dunne',
    phone: '07700 900931',
    customers: [customers[0]!, customers[3]!],
    since: 140,
    seen: 3 * 1440,
  })
  addPortalUser(book, world, {
    email: 'office@tynemouthguests.example',
    name: 'Margaret Hay',
    customers: [customers[4]!],
    since: 90,
    seen: 12 * 1440,
  })
  addPortalUser(book, world, {
    email: 'r.baptiste@post.example',
    status: 'invited',
    customers: [customers[1]!],
    since: 0,
  })
  addMail(book, id, host, {
    kind: 'portalInvitation',
    to: 'colin.dunne@post.example',
    about: { kind: 'portalUser', id: colin },
    at: ago(140 * 1440),
    link: SPENT,
  })

  fillDays(book, {
    now,
    zone,
    seed,
    customers,
    dispatchers: [joanne, alan],
    workers: [dale, ines],
    words: northside.words,
    wants: (_customer, dice) => dice.one(templates),
    answers: (template, dice) => northside.answers(template.versions.at(-1)!, dice),
    counts: { completed: 28, canceled: 2, postponed: 1, unassigned: 2, pending: 1, assigned: 4, started: 1, paused: 1 },
  })
  const logo = await files.put(Readable.from([await flame('#b4441f')]), {
    account: id,
    name: 'flame.png',
    purpose: 'logo',
  })
  await write(
    loading,
    {
      id,
      slug: 'northside',
      name: 'Northside Heating',
      zone,
      accent: '#b4441f',
      logo: logo.key,
      since,
      email: 'hello@northside-heating.example',
      phone: '0191 498 0100',
      address: 'Unit 4, Coast Road Trading Estate, Newcastle upon Tyne NE6 5TP',
      portal: {
        public: false,
        templates: templates.map((each) => each.id),
        introduction: 'For households and landlords with a Northside contract.',
      },
    },
    staff,
    book,
    340,
    ['r.baptiste@post.example'],
  )
}

// ---- at the door ----

/** What `serve --demo` prints: where everything is, and who signs in with what. */
export function demoWelcome({ publicUrl }: { publicUrl: URL }, loaded: boolean): string {
  const { protocol, host } = publicUrl
  const main = (path: string) => `${protocol}//${host}${path}`
  const row = (label: string, ...rest: string[]) => `    ${label.padEnd(24)}${rest.join('  ')}`.trimEnd()
  const people = (at: 'office' | 'portal', slug?: string) =>
    DEMO_SIGN_INS.filter((each) => each.at === at && (!slug || each.slug === slug)).map(({ who, is, email }) =>
      row(`  ${who}`, email.padEnd(34), is),
    )
  return [
    '',
    `  Portico is running with demo data${loaded ? ' (loaded now)' : ''}. All people and businesses are fictional.`,
    '',
    row('Office', main('/office/sign-in')),
    ...people('office'),
    '',
    row('Customer portals'),
    ...(['harbour', 'northside'] as const).flatMap((slug) => [
      row(
        `  ${slug === 'harbour' ? 'Harbour (public)' : 'Northside (private)'}`,
        `${protocol}//${slug}.${host}/`,
        'or',
        main(`/p/${slug}/`),
      ),
      ...people('portal', slug),
    ]),
    '',
    row('Mailbox', main('/mailbox')),
    row('Password for everyone', DEMO_PASSWORD),
    '',
  ].join('\n')
}
