/** The addresses of all pages and of states of them, with somebody who is signed in. */
import { createRecords, fillPath, pagesBelow } from '../every-page.fixtures.ts'
import { startAppServer, visitor, type Device, type Visitor } from './browser.ts'
import { mainAt, portalAt, signInToOffice, signInToPortal } from './steps.ts'

/** A step is done then. */
async function schedule({ business, records: { job } }: Awaited<ReturnType<typeof createRecords>>): Promise<void> {
  const { version } = await business.owner.ok('getJob', { job })
  const scheduled = { day: '2031-03-03', time: '09:30' }
  await business.owner.ok('scheduleJob', { job, version, scheduled, durationMinutes: 60 })
}

/** Rows as wide as they come in a day's work: long names, every kind of badge, failed mails. */
async function fillLists({ business, user, records }: Awaited<ReturnType<typeof createRecords>>): Promise<void> {
  const { owner } = business
  for (const role of ['dispatcher', 'worker'] as const)
    await owner.ok('inviteStaff', { email: `maintenance.${role}@docklands-lettings.example`, role })
  const customer = await business.customer('Docklands and Riverside Lettings, Maintenance Department')
  const job = (await owner.ok('createJob', { customer, template: records.template, tags: ['urgent', 'warranty'] })).id
  await owner.ok('scheduleJob', { job, version: 1, scheduled: { day: '2031-12-24', time: '13:30' } })
  await owner.ok('addPortalUser', { email: 'maintenance.department@docklands-lettings.example', customers: [customer] })
  const site = records.site
  await user.ok('createPortalJob', {
    template: records.template,
    site,
    fields: { wrong: 'It hums.' },
    requested: { day: '2031-12-24', time: '13:30' },
  })
}

interface Addresses {
  person(device: Device): Promise<Visitor>
  urls: string[]
  scheduleJob(): Promise<void>
  fillLists(): Promise<void>
}

export async function officeAddresses(): Promise<Addresses> {
  const server = await startAppServer()
  const made = await createRecords(server)
  const { business, records } = made
  const { account, customer, template, job, user } = records
  const paths = pagesBelow('office/[account]').map((path) => fillPath(`/office/[account]${path}`, records))
  const states = [
    `/jobs?job=${job}`,
    `/jobs?job=${job}&tab=files`,
    '/jobs?select=1',
    `/jobs?job=${job}&do=schedule`,
    `/jobs/${job}?do=cancel`,
    `/jobs/new?customer=${customer}&template=${template}`,
    '/settings/staff?invite=1',
    `/settings/portal/users?remove=${user}`,
  ]
  return {
    urls: [...paths, ...states.map((path) => `/office/${account}${path}`)].map((path) => mainAt(server, path)),
    scheduleJob: () => schedule(made),
    fillLists: () => fillLists(made),
    async person(device) {
      const person = await visitor(device, { keyboard: false })
      await signInToOffice(person, server, business.owner.email)
      return person
    },
  }
}

export async function portalAddresses(): Promise<Addresses & { auth: string[] }> {
  const server = await startAppServer()
  const made = await createRecords(server)
  const { business, records, user } = made
  const at = (path: string) => portalAt(server, business.slug, path)
  const paths = pagesBelow('p/[portal]').filter((path) => !path.startsWith('/(auth)'))
  const states = [`/jobs/${records.job}?confirm=cancel`, '/jobs?q=nothing']
  return {
    auth: [
      ...pagesBelow('p/[portal]/(auth)').map(at),
      ...['/office/sign-in', '/office/forgot-password', '/'].map((path) => mainAt(server, path)),
    ],
    urls: [...paths.map((path) => fillPath(path, records)), ...states].map(at),
    scheduleJob: () => schedule(made),
    fillLists: () => fillLists(made),
    async person(device) {
      const person = await visitor(device)
      await signInToPortal(person, server, business.slug, user.email)
      return person
    },
  }
}
