/** Loads Harbour Appliance Repair of Bristol, whose portal is public. */
import { Readable } from 'node:stream'
import { writeAccount, type LoadOptions } from '../account.ts'
import type { DemoCustomer, DemoTemplate } from '../model.ts'
import { anchor } from '../pictures.ts'
import type { Random } from '../random.ts'
import { addRandomJobs } from '../random-jobs.ts'
import { drawAnswers } from './answers.ts'
import { createHarbour, SEED, ZONE, type Harbour } from './business.ts'
import { createFeaturedJobs } from './featured-job.ts'
import { addMails } from './mails.ts'
import { addOpenJobs } from './open-jobs.ts'
import { addPastJobs } from './past-jobs.ts'
import { phrases } from './phrases.ts'
import { addPortalUsers } from './portal-users.ts'
import type { TemplateKey } from './templates.ts'
import { addTickets } from './tickets.ts'

export async function loadHarbour(options: LoadOptions): Promise<void> {
  const harbour = createHarbour(options)
  const users = addPortalUsers(harbour)
  addMails(harbour, users)
  const jobs = createFeaturedJobs(harbour, users)
  await addOpenJobs(options, harbour, jobs)
  addPastJobs(harbour, jobs)
  addTickets(harbour, jobs)
  addOrdinaryJobs(harbour)
  await writeHarbour(options, harbour)
}

const LAST_JOB_NUMBER = 1064

async function writeHarbour(options: LoadOptions, { builder, staff, since, offered }: Harbour): Promise<void> {
  const accent = '#0f6b7c'
  const logo = await options.files.put(Readable.from([await anchor(accent)]), {
    account: builder.account,
    name: 'anchor.png',
    purpose: 'logo',
  })
  await writeAccount(options, {
    id: builder.account,
    slug: 'harbour',
    name: 'Harbour Appliance Repair',
    zone: ZONE,
    accent,
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
    staff: Object.values(staff),
    rows: builder.build(LAST_JOB_NUMBER),
    pendingActivations: ['reception@southville.example', 'martha.okonkwo@post.example'],
  })
}

/** A template listed twice is drawn twice as often. */
const USUAL_TEMPLATES: TemplateKey[] = [
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
]

/** All jobs but Eleanor's, which are written by hand. */
function addOrdinaryJobs(harbour: Harbour): void {
  const { builder, now, staff, calendar } = harbour
  const { ruth, ben, marek, priya, tom, leila } = staff
  addRandomJobs(builder, {
    now,
    zone: ZONE,
    seed: SEED,
    customers: harbour.customers.filter((customer) => customer !== harbour.customer('Eleanor Finch')),
    dispatchers: [ben, ben, ruth],
    workers: [marek, priya, tom, leila],
    phrases,
    pickTemplate: (customer, random) => pickTemplate(harbour, customer, random),
    answers: (template, random, isCompleted) => drawAnswers(template, isCompleted, { random, at: calendar.at }),
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
}

const LAUNDRY_CUSTOMERS = new Set(['Lockside Hotel', 'The Mill Gym'])

function pickTemplate(harbour: Harbour, customer: DemoCustomer, random: Random): DemoTemplate {
  const { templates, managedCustomers } = harbour
  if (LAUNDRY_CUSTOMERS.has(customer.name) && random.chance(0.7)) return templates.laundry
  if (managedCustomers.includes(customer) && random.chance(0.3)) return templates.landlord
  return templates[random.pick(USUAL_TEMPLATES)]
}
