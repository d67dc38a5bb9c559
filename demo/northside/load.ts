/** Loads Northside Heating of Newcastle: a second business on the same installation, with a private portal. */
import { Readable } from 'node:stream'
import { newId } from '../../src/platform/ids.ts'
import { writeAccount, type LoadOptions } from '../account.ts'
import { createBusinessBuilder, type BusinessBuilder } from '../builder.ts'
import { createCalendar, type Calendar } from '../calendar.ts'
import { addMail, USED_ACTIVATION } from '../mails.ts'
import type { DemoCustomer, DemoStaff, DemoTemplate } from '../model.ts'
import { flame } from '../pictures.ts'
import { addPortalUser, type PortalUserInput } from '../portal-users.ts'
import { addRandomJobs } from '../random-jobs.ts'
import * as catalog from './catalog.ts'

const ZONE = 'Europe/London'
const SEED = 1987
const LAST_JOB_NUMBER = 340

export async function loadNorthside(options: LoadOptions): Promise<void> {
  const { now } = options
  const calendar = createCalendar(now, ZONE)
  const since = calendar.at(-800, '09:00')
  const builder = createBusinessBuilder(newId(), now)
  const staff = createStaff()
  const templates = catalog.templates.map((template, index) =>
    builder.addTemplate({ ...template, position: index + 1, since }),
  )
  const customers = addCustomers(builder, calendar)
  addUsers(options, builder, calendar, customers, templates)
  const { alan, joanne, dale, ines } = staff
  addRandomJobs(builder, {
    now,
    zone: ZONE,
    seed: SEED,
    customers,
    dispatchers: [joanne, alan],
    workers: [dale, ines],
    phrases: catalog.phrases,
    pickTemplate: (_customer, random) => random.pick(templates),
    answers: (template, random) => catalog.drawAnswers(template.versions.at(-1)!, random),
    counts: { completed: 28, canceled: 2, postponed: 1, unassigned: 2, pending: 1, assigned: 4, started: 1, paused: 1 },
  })
  await writeNorthside(options, builder, since, Object.values(staff), templates)
}

function createStaff() {
  const member = (name: string, role: DemoStaff['role'], email: string): DemoStaff => ({
    id: newId(),
    name,
    role,
    email,
  })
  return {
    alan: member('Alan Threlfall', 'owner', 'alan@northside-heating.example'),
    grace: member('Grace Adeyemi', 'admin', 'grace@backoffice.example'),
    joanne: member('Joanne Kerr', 'dispatcher', 'joanne@northside-heating.example'),
    dale: member('Dale Hutton', 'worker', 'dale@northside-heating.example'),
    ines: member('Inês Duarte', 'worker', 'ines@northside-heating.example'),
  }
}

function addCustomers(builder: BusinessBuilder, { at }: Calendar): DemoCustomer[] {
  return catalog.customers.map((customer, index) => {
    const phone = `0191 498 0${String(120 + index * 7).padStart(3, '0')}`
    return builder.addCustomer({
      name: customer.name,
      reference: `N${101 + index}`,
      business: customer.business ?? false,
      since: at(-300 - index * 31, '10:00'),
      sites: [{ address: customer.address, at: customer.at }],
      contacts: [{ name: customer.business ? 'Office' : customer.name, phone }],
    })
  })
}

function addUsers(
  { passwordHash, host }: LoadOptions,
  builder: BusinessBuilder,
  { ago }: Calendar,
  customers: DemoCustomer[],
  templates: DemoTemplate[],
): void {
  const defaults = { passwordHash, offered: templates.map((template) => template.id) }
  const user = (input: PortalUserInput) => addPortalUser(builder, defaults, input)
  const colin = user({
    email: 'colin.dunne@post.example',
    name: 'Colin Dunne',
    phone: '07700 900931',
    customers: [customers[0]!, customers[3]!],
    createdDaysAgo: 140,
    seenMinutesAgo: 3 * 1440,
  })
  user({
    email: 'office@tynemouthguests.example',
    name: 'Margaret Hay',
    customers: [customers[4]!],
    createdDaysAgo: 90,
    seenMinutesAgo: 12 * 1440,
  })
  user({ email: 'r.baptiste@post.example', status: 'invited', customers: [customers[1]!], createdDaysAgo: 0 })
  addMail(builder, host, {
    kind: 'portalInvitation',
    to: 'colin.dunne@post.example',
    about: { kind: 'portalUser', id: colin },
    at: ago(140 * 1440),
    link: USED_ACTIVATION,
  })
}

async function writeNorthside(
  options: LoadOptions,
  builder: BusinessBuilder,
  since: Date,
  staff: DemoStaff[],
  templates: DemoTemplate[],
): Promise<void> {
  const accent = '#b4441f'
  const logo = await options.files.put(Readable.from([await flame(accent)]), {
    account: builder.account,
    name: 'flame.png',
    purpose: 'logo',
  })
  await writeAccount(options, {
    id: builder.account,
    slug: 'northside',
    name: 'Northside Heating',
    zone: ZONE,
    accent,
    logo: logo.key,
    since,
    email: 'hello@northside-heating.example',
    phone: '0191 498 0100',
    address: 'Unit 4, Coast Road Trading Estate, Newcastle upon Tyne NE6 5TP',
    portal: {
      public: false,
      templates: templates.map((template) => template.id),
      introduction: 'For households and landlords with a Northside contract.',
    },
    staff,
    rows: builder.build(LAST_JOB_NUMBER),
    pendingActivations: ['r.baptiste@post.example'],
  })
}
