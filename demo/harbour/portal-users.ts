/** Portal users of Harbour Appliance Repair. */
import { addPermissionGroup, addPortalUser, type PortalUserInput } from '../portal-users.ts'
import { customers } from './customers.ts'
import type { Harbour } from './business.ts'

/** Ids of the portal users that jobs and mails refer to. */
export type HarbourUsers = ReturnType<typeof addPortalUsers>

export function addPortalUsers(harbour: Harbour) {
  const bookers = addBusinessUsers(harbour)
  addHouseholdUsers(harbour)
  addRecentUsers(harbour)
  const former = addFormerUsers(harbour)
  return { ...bookers, ...former, ...addInvitedUsers(harbour) }
}

const LETTING_AGENTS = [
  'viewJobs',
  'createJobs',
  'chooseTemplates',
  'editJobs',
  'viewTickets',
  'createTickets',
] as const

const userAdder =
  ({ builder, userDefaults }: Harbour) =>
  (input: PortalUserInput) =>
    addPortalUser(builder, userDefaults, input)

function addBusinessUsers(harbour: Harbour) {
  const { customer, templates, managedCustomers } = harbour
  const user = userAdder(harbour)
  const eleanor = user({
    email: 'eleanor.finch@post.example',
    name: 'Eleanor Finch',
    phone: '07700 900142',
    customers: [customer('Eleanor Finch'), customer('Redcliffe Parade Lettings')],
    createdDaysAgo: 640,
    seenMinutesAgo: 15,
  })
  const naveed = user({
    email: 'naveed@docksidelettings.example',
    name: 'Naveed Aslam',
    phone: '07700 900441',
    customers: managedCustomers,
    createdDaysAgo: 285,
    seenMinutesAgo: 6 * 1440,
    templatesMode: 'add',
    templates: [templates.landlord],
  })
  user({
    email: 'carys@docksidelettings.example',
    name: 'Carys Bevan',
    phone: '07700 900126',
    customers: [customer('Dockside Lettings')],
    createdDaysAgo: 120,
    seenMinutesAgo: 2 * 1440,
    group: addPermissionGroup(harbour.builder, 'Letting agents', LETTING_AGENTS),
    templatesMode: 'replace',
    templates: [templates.washer, templates.dishwasher, templates.landlord],
  })
  const oliver = user({
    email: 'oliver@locksidehotel.example',
    name: 'Oliver Marchant',
    phone: '07700 900555',
    customers: [customer('Lockside Hotel')],
    createdDaysAgo: 400,
    seenMinutesAgo: 1440,
    templatesMode: 'add',
    templates: [templates.laundry],
  })
  return { eleanor, naveed, oliver }
}

function addHouseholdUsers(harbour: Harbour): void {
  const { customer, templates } = harbour
  const user = userAdder(harbour)
  user({
    email: 'idris.mirza@post.example',
    name: 'Idris Mirza',
    phone: '07700 900211',
    customers: [customer('Idris Mirza')],
    createdDaysAgo: 85,
    seenMinutesAgo: 2 * 1440,
  })
  user({
    email: 'greg@grainbarge.example',
    name: 'Greg Tallis',
    phone: '07700 900620',
    customers: [customer('The Grain Barge')],
    createdDaysAgo: 260,
    seenMinutesAgo: 10 * 1440,
  })
  user({
    email: 'sofia.lindqvist@post.example',
    name: 'Sofia Lindqvist',
    phone: '07700 900213',
    customers: [customer('Sofia Lindqvist')],
    createdDaysAgo: 322,
    seenMinutesAgo: 26 * 1440,
  })
  user({
    email: 'hannah.prewett@post.example',
    name: 'Hannah Prewett',
    phone: '07700 900215',
    customers: [customer('Hannah Prewett')],
    createdDaysAgo: 70,
    seenMinutesAgo: 4 * 1440,
    templatesMode: 'hide',
    templates: [templates.install],
  })
  user({
    email: 'tess@millgym.example',
    name: 'Tess Oakley',
    phone: '07700 900718',
    customers: [customer('The Mill Gym')],
    createdDaysAgo: 190,
    seenMinutesAgo: 8 * 1440,
    templatesMode: 'add',
    templates: [templates.laundry],
  })
}

function addRecentUsers(harbour: Harbour): void {
  const { customer } = harbour
  const user = userAdder(harbour)
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
      email: customers.find((each) => each.name === name)!.people[0]![2],
      name,
      customers: [customer(name)],
      createdDaysAgo: 30 + index * 17,
      seenMinutesAgo: (3 + index * 2) * 1440,
    })
  user({ email: 'samir.patel@post.example', name: 'Samir Patel', createdDaysAgo: 1, seenMinutesAgo: 200 })
}

function addFormerUsers(harbour: Harbour) {
  const user = userAdder(harbour)
  const jonas = user({
    email: 'jonas.wetherby@post.example',
    name: 'Jonas Wetherby',
    status: 'suspended',
    createdDaysAgo: 180,
    seenMinutesAgo: 176 * 1440,
  })
  const dana = user({
    email: 'dana.whitlock@post.example',
    name: 'Dana Whitlock',
    status: 'removed',
    createdDaysAgo: 210,
    seenMinutesAgo: 40 * 1440,
  })
  return { jonas, dana }
}

function addInvitedUsers(harbour: Harbour) {
  const { customer } = harbour
  const user = userAdder(harbour)
  const accounts = user({
    email: 'accounts@locksidehotel.example',
    status: 'invited',
    customers: [customer('Lockside Hotel')],
    createdDaysAgo: 1,
  })
  const maintenance = user({
    email: 'maintenance@docksidelettings.example',
    status: 'invited',
    customers: [customer('Dockside Lettings')],
    createdDaysAgo: 1,
  })
  const caretaker = user({
    email: 'caretaker@ashtonvale.example',
    status: 'invited',
    customers: [customer('Ashton Vale Nursery')],
    createdDaysAgo: 5,
  })
  user({
    email: 'reception@southville.example',
    status: 'invited',
    customers: [customer('Southville Community Centre')],
    createdDaysAgo: 0,
  })
  user({
    email: 'martha.okonkwo@post.example',
    name: 'Martha Okonkwo',
    status: 'signed_up',
    customers: [customer('Martha Okonkwo')],
    createdDaysAgo: 0,
  })
  return { accounts, maintenance, caretaker }
}
