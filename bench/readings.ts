/**
 * What is asked of a world to see its plans: every reading operation of the portal as three kinds of users, and what the office
 * lists, searches and counts. An operation that reads and has no line here is missed by `missing`.
 */
import { contracts } from '../src/operations.ts'
import type { Definition } from '../src/platform/operation.ts'
import { ACCOUNT, as, type BenchWorld } from './dataset.ts'
import type { Name } from './explain.ts'

export interface Reading {
  operation: Name
  who: string
  token: string
  input: Record<string, string>
  /** What is special about this one, for the report. */
  what: string
}

/** Answers without the database, or with nothing that grows: a token, one's own sessions. */
const BY_TOKEN = { token: 'A'.repeat(43) }

/** A word in one of seven jobs, a serial number of one, a job's number, two words, a name and a word, too short for an index, in none. */
export function searches(job: { serial: string; number: number }): Record<string, string> {
  return {
    common: 'leaks',
    'two common': 'aurora leaks',
    rare: job.serial,
    reference: String(job.number),
    middling: 'sn1a',
    'rare and common': `${job.serial} repair`,
    short: 'zq',
    none: 'zebrafish',
  }
}

export async function readings(world: BenchWorld): Promise<Reading[]> {
  const user = world.users[0]!
  const [large, , small] = user.customers
  const {
    rows: [found],
  } = await as(world.connect, (db) =>
    db.query<Record<'job' | 'file' | 'smallJob' | 'at' | 'serial' | 'number', string>>(
      `select
    (select id from jobs where account_id = $1 and customer_id = $2 order by created_at desc limit 1) as job,
    (select id from jobs where account_id = $1 and customer_id = $3 order by created_at desc limit 1) as "smallJob",
    (select id from files where account_id = $1 and customer_id = $2 order by created_at desc limit 1) as file,
    (select created_at::text from jobs where account_id = $1 and customer_id = $2 order by created_at desc offset 100 limit 1) as at,
    (select lower(fields ->> 'serial') from jobs where account_id = $1 and customer_id = $2 order by created_at limit 1) as serial,
    (select number::text from jobs where account_id = $1 and customer_id = $2 order by created_at limit 1) as number`,
      [ACCOUNT, large, small],
    ),
  )
  const { job, file, smallJob, at, serial, number } = found!
  const words = searches({ serial, number: Number(number) })
  const cursor = Buffer.from(['newest', at, job].join('|')).toString('base64url')
  // Somebody with one small customer: the third of a user whose other links are elsewhere is not enough, so one is asked for.
  const list = (which: Record<string, string>, name = '') => [
    { input: { ...which }, what: name || 'all' },
    { input: { ...which, group: 'open' }, what: `${name} open`.trim() },
    { input: { ...which, cursor }, what: `${name} next page`.trim() },
  ]
  const lists = [
    ...list({}),
    ...Object.entries(words).map(([what, search]) => ({ input: { search }, what: `search: ${what}` })),
    { input: { search: words.rare!, group: 'completed', cursor }, what: 'search: rare, next page of completed' },
  ]
  const portal: Partial<Record<Name, { input: Record<string, string>; what: string }[]>> = {
    listPortalJobs: [...lists, ...list({ customer: large! }, 'one customer')],
    getPortalJobsOverview: [
      { input: {}, what: 'all' },
      ...Object.entries(words).map(([what, search]) => ({ input: { search }, what: `search: ${what}` })),
    ],
    getPortalJob: [{ input: { job }, what: '' }],
    getPortalFile: [{ input: { file }, what: '' }],
    downloadPortalFile: [{ input: { file }, what: '' }],
    getBookingOptions: [
      { input: {}, what: '' },
      { input: { template: world.template }, what: 'one template' },
    ],
    getPortal: [{ input: {}, what: '' }],
    getPortalLogo: [{ input: {}, what: '' }],
    getCurrentPortalUser: [{ input: {}, what: '' }],
    getPortalProfile: [{ input: {}, what: '' }],
    listPortalSessions: [{ input: {}, what: '' }],
    getActivation: [{ input: BY_TOKEN, what: '' }],
    getEmailChange: [{ input: BY_TOKEN, what: '' }],
    getPortalPasswordReset: [{ input: BY_TOKEN, what: '' }],
  }
  // The small user is a real one who asks for their small customer alone.
  const smallOnly = (operation: Name, input: Record<string, string>) => ({
    ...input,
    ...((operation === 'listPortalJobs' || operation === 'getPortalJobsOverview') && { customer: small! }),
    ...(input.job && { job: smallJob }),
  })
  const filters: { input: Record<string, string>; what: string }[] = [
    { input: {}, what: 'all' },
    { input: { status: 'unassigned' }, what: 'unassigned' },
    { input: { worker: 'none' }, what: 'without worker' },
    { input: { customer: large! }, what: 'largest customer' },
    { input: { template: world.template }, what: 'one template' },
    ...Object.entries(words).map(([what, search]) => ({ input: { search }, what: `search: ${what}` })),
    { input: { search: 'anders' }, what: 'search: customers' },
    { input: { search: `anders ${serial}` }, what: 'search: customer and rare' },
  ]
  const office: Partial<Record<Name, { input: Record<string, string>; what: string }[]>> = {
    listJobs: [
      ...filters,
      { input: { cursor }, what: 'next page' },
      ...['oldest', 'soonest', 'latest', 'changed'].map((sort) => ({ input: { sort }, what: sort })),
    ],
    countJobs: filters,
    getJob: [{ input: { job }, what: '' }],
    getJobHistory: [{ input: { job }, what: '' }],
    listJobFiles: [{ input: { job }, what: '' }],
    getJobFormOptions: [{ input: { customer: large! }, what: '' }],
    listCustomers: [
      { input: {}, what: 'all' },
      { input: { search: 'anders' }, what: 'search' },
    ],
    getCustomer: [{ input: { customer: large! }, what: '' }],
    listPortalUsers: [
      { input: {}, what: 'all' },
      { input: { search: 'reader' }, what: 'search' },
    ],
    getPortalUser: [{ input: { user: user.id }, what: '' }],
    listMessages: [{ input: {}, what: '' }],
    getOfficeHome: [{ input: {}, what: '' }],
    getPortalChecklist: [{ input: {}, what: '' }],
  }
  const lines = (
    asked: typeof portal,
    who: string,
    token: string,
    change = (_operation: Name, input: Record<string, string>) => input,
  ): Reading[] =>
    Object.entries(asked).flatMap(([operation, samples]) =>
      samples.map(({ input, what }) => ({
        operation: operation as Name,
        who,
        token,
        what,
        input: change(operation as Name, input),
      })),
    )
  return [
    ...lines(portal, 'small', user.token, smallOnly).filter((each) => !/one customer/.test(each.what)),
    ...lines(portal, 'large', user.token),
    ...lines(portal, '200 customers', world.many.token),
    ...lines(office, 'owner', world.owner.token),
  ]
}

/** Reading operations of the portal that nobody asks for here. */
export const missing = (asked: readonly Reading[]): string[] =>
  Object.entries(contracts as Record<string, Definition>)
    .filter(
      ([name, { method, path }]) =>
        method === 'GET' && path.startsWith('/portal/') && !asked.some((each) => each.operation === name),
    )
    .map(([name]) => name)
