/** Sets up Harbour Appliance Repair: its staff, templates and customers. */
import { newId } from '../../src/platform/ids.ts'
import type { LoadOptions } from '../account.ts'
import { createBusinessBuilder } from '../builder.ts'
import { createCalendar } from '../calendar.ts'
import type { DemoStaff, DemoTemplate } from '../model.ts'
import { createRandom, type Random } from '../random.ts'
import * as harbourCustomers from './customers.ts'
import * as harbourTemplates from './templates.ts'

export const ZONE = 'Europe/London'
export const SEED = 1066

/** Customers that Naveed Aslam manages. */
const MANAGED = [
  'Dockside Lettings',
  'Quayside Studios',
  'Harbourside Apartments',
  'Pelican Quay Residents',
  'Gas Ferry Lofts',
  'Redcliffe Wharf House',
  'Ferryman’s Court',
]

export type Harbour = ReturnType<typeof createHarbour>

export function createHarbour({ now, host, passwordHash }: LoadOptions) {
  const builder = createBusinessBuilder(newId(), now)
  const calendar = createCalendar(now, ZONE)
  const random = createRandom(SEED)
  const since = calendar.at(-1700, '09:00')
  const templateList = harbourTemplates.templates.map((template, index) =>
    builder.addTemplate({ ...template, position: index + 1, since }),
  )
  const offered = harbourTemplates.templates.flatMap(({ offered }, index) => (offered ? [templateList[index]!.id] : []))
  const customers = harbourCustomers.customers.map((input, index) =>
    builder.addCustomer(customerInput(input, index, random, calendar.at)),
  )
  const customer = (name: string) => customers.find((each) => each.name === name)!
  return {
    builder,
    calendar,
    random,
    since,
    now,
    host,
    staff: createStaff(),
    templates: Object.fromEntries(templateList.map((template) => [template.key, template])) as Record<
      harbourTemplates.TemplateKey,
      DemoTemplate
    >,
    customers,
    customer,
    managedCustomers: MANAGED.map(customer),
    offered,
    userDefaults: { passwordHash, offered },
  }
}

function createStaff() {
  const member = (name: string, role: DemoStaff['role'], email: string, status?: DemoStaff['status']): DemoStaff => ({
    id: newId(),
    name,
    role,
    email,
    ...(status && { status }),
  })
  return {
    ruth: member('Ruth Calloway', 'owner', 'ruth@harbour-repair.example'),
    grace: member('Grace Adeyemi', 'admin', 'grace@backoffice.example'),
    ben: member('Ben Okafor', 'dispatcher', 'ben@harbour-repair.example'),
    marek: member('Marek Nowak', 'worker', 'marek@harbour-repair.example'),
    priya: member('Priya Raman', 'worker', 'priya@harbour-repair.example'),
    tom: member('Tom Ashdown', 'worker', 'tom@harbour-repair.example'),
    leila: member('Leila Haddad', 'worker', 'leila@harbour-repair.example'),
    callum: member('Callum Reid', 'worker', 'callum@harbour-repair.example', 'invited'),
    steve: member('Steve Hallett', 'worker', 'steve@harbour-repair.example', 'deactivated'),
  }
}

function customerInput(
  input: harbourCustomers.HarbourCustomer,
  index: number,
  random: Random,
  at: (days: number, time: string) => Date,
) {
  const years = input.years ?? random.integer(1, 30) / 10
  return {
    name: input.name,
    reference: `C-${String(200 + index * 3).padStart(4, '0')}`,
    business: input.business ?? false,
    notes: input.notes ?? '',
    since: at(-Math.round(years * 365) - random.integer(0, 60), '10:00'),
    ...(input.billing && { billing: { name: input.name, email: input.billing } }),
    sites: input.sites.map(([address, latitude, longitude, name]) => ({
      address,
      at: [latitude, longitude] as [number, number],
      ...(name && { name }),
    })),
    contacts: input.people.map(([name, role, email, phone]) => ({
      name,
      ...(role && { role }),
      ...(email && { email }),
      ...(phone && { phone }),
    })),
  }
}
