/**
 * The calls of read operations whose plans are examined: all of the portal's, as three kinds of users, and the office's
 * lists, searches and counts. `missingReadOperations` reports portal operations that are not covered.
 */
import { contracts } from '../src/operations.ts'
import type { Definition } from '../src/platform/operation.ts'
import { ACCOUNT, withClient, type BenchWorld } from './dataset.ts'
import type { OperationName } from './explain.ts'

export interface ReadCall {
  operation: OperationName
  userKind: string
  token: string
  input: Record<string, string>
  /** Distinguishes this call from others of the same operation in the report. */
  description: string
}

/** An unknown token: the operation only looks it up. */
const TOKEN_INPUT = { token: 'A'.repeat(43) }

/** Search terms, named by how many jobs they match. `short` is too short for the index. */
export function searchTermsByFrequency(job: { serial: string; number: number }): Record<string, string> {
  return {
    common: 'leaks',
    'two common': 'aurora leaks',
    rare: job.serial,
    reference: String(job.number),
    medium: 'sn1a',
    'rare and common': `${job.serial} repair`,
    short: 'zq',
    none: 'zebrafish',
  }
}

/** `$1` account, `$2` largest customer, `$3` smallest customer. */
const SAMPLE_ROWS = `
  select
    (
      select id from jobs
      where account_id = $1 and customer_id = $2
      order by created_at desc limit 1
    ) as job,
    (
      select id from jobs
      where account_id = $1 and customer_id = $3
      order by created_at desc limit 1
    ) as "smallJob",
    (
      select id from files
      where account_id = $1 and customer_id = $2
      order by created_at desc limit 1
    ) as file,
    (
      select id from tickets
      where account_id = $1 and customer_id = $2
      limit 1
    ) as ticket,
    (
      select created_at::text from jobs
      where account_id = $1 and customer_id = $2
      order by created_at desc offset 100 limit 1
    ) as at,
    (
      select lower(fields ->> 'serial') from jobs
      where account_id = $1 and customer_id = $2
      order by created_at limit 1
    ) as serial,
    (
      select number::text from jobs
      where account_id = $1 and customer_id = $2
      order by created_at limit 1
    ) as number`

interface SampleCall {
  input: Record<string, string>
  description: string
  /** The input names a customer, so the calls of the user with one customer leave it out. */
  namesCustomer?: boolean
}

export async function listReadCalls(world: BenchWorld): Promise<ReadCall[]> {
  const user = world.users[0]!
  const [large, , small] = user.customers
  const {
    rows: [ids],
  } = await withClient(world.connect, (db) =>
    db.query<Record<'job' | 'file' | 'ticket' | 'smallJob' | 'at' | 'serial' | 'number', string>>(SAMPLE_ROWS, [
      ACCOUNT,
      large,
      small,
    ]),
  )
  const { job, file, ticket, smallJob, at, serial, number } = ids!
  const searchTerms = searchTermsByFrequency({ serial, number: Number(number) })
  const cursor = Buffer.from(['newest', at, job].join('|')).toString('base64url')
  const list = (which: Record<string, string>, name = ''): SampleCall[] => [
    { input: { ...which }, description: name || 'all' },
    { input: { ...which, group: 'open' }, description: `${name} open`.trim() },
    { input: { ...which, cursor }, description: `${name} next page`.trim() },
  ]
  const lists = [
    ...list({}),
    ...Object.entries(searchTerms).map(([description, search]) => ({
      input: { search },
      description: `search: ${description}`,
    })),
    {
      input: { search: searchTerms.rare!, group: 'completed', cursor },
      description: 'search: rare, next page of completed',
    },
  ]
  const portal: Partial<Record<OperationName, SampleCall[]>> = {
    listPortalJobs: [
      ...lists,
      ...list({ customer: large! }, 'one customer').map((each) => ({ ...each, namesCustomer: true })),
    ],
    getPortalJobsOverview: [
      { input: {}, description: 'all' },
      ...Object.entries(searchTerms).map(([description, search]) => ({
        input: { search },
        description: `search: ${description}`,
      })),
    ],
    getPortalJob: [{ input: { job }, description: '' }],
    listPortalTickets: [
      { input: {}, description: 'all' },
      { input: { group: 'open' }, description: 'open' },
      { input: { search: 'leaks' }, description: 'search' },
    ],
    countPortalTickets: [{ input: {}, description: '' }],
    exportPortalTickets: [{ input: { group: 'open' }, description: '' }],
    getPortalTicketOptions: [
      { input: {}, description: '' },
      { input: { ticket }, description: 'of a ticket' },
    ],
    getPortalTicket: [{ input: { ticket }, description: '' }],
    getPortalFile: [{ input: { file }, description: '' }],
    downloadPortalFile: [{ input: { file }, description: '' }],
    getBookingOptions: [
      { input: {}, description: '' },
      { input: { template: world.template }, description: 'one template' },
    ],
    getPortal: [{ input: {}, description: '' }],
    getPortalLogo: [{ input: {}, description: '' }],
    getPortalIcon: [{ input: { icon: 'favicon' }, description: '' }],
    getCurrentPortalUser: [{ input: {}, description: '' }],
    getPortalProfile: [{ input: {}, description: '' }],
    getPortalEmailChoices: [{ input: {}, description: '' }],
    listPortalSessions: [{ input: {}, description: '' }],
    listPortalViews: [{ input: {}, description: '' }],
    getActivation: [{ input: TOKEN_INPUT, description: '' }],
    getEmailChange: [{ input: TOKEN_INPUT, description: '' }],
    getSecureLink: [{ input: TOKEN_INPUT, description: '' }],
    getPortalPasswordReset: [{ input: TOKEN_INPUT, description: '' }],
  }
  const portalOfSmallCustomer = {
    ...portal,
    listPortalJobs: portal.listPortalJobs!.filter((each) => !each.namesCustomer),
  }
  // The small user is the same user, restricted to their smallest customer.
  const forSmallCustomer = (operation: OperationName, input: Record<string, string>) => ({
    ...input,
    ...((operation === 'listPortalJobs' || operation === 'getPortalJobsOverview') && { customer: small! }),
    ...(input.job && { job: smallJob }),
  })
  const filters: SampleCall[] = [
    { input: {}, description: 'all' },
    { input: { status: 'unassigned' }, description: 'unassigned' },
    { input: { worker: 'none' }, description: 'without worker' },
    { input: { customer: large! }, description: 'largest customer' },
    { input: { template: world.template }, description: 'one template' },
    ...Object.entries(searchTerms).map(([description, search]) => ({
      input: { search },
      description: `search: ${description}`,
    })),
    { input: { search: 'anders' }, description: 'search: customers' },
    { input: { search: `anders ${serial}` }, description: 'search: customer and rare' },
  ]
  const office: Partial<Record<OperationName, SampleCall[]>> = {
    listJobs: [
      ...filters,
      { input: { cursor }, description: 'next page' },
      ...['oldest', 'soonest', 'latest', 'changed', 'customer', 'status', 'worker'].map((sort) => ({
        input: { sort },
        description: sort,
      })),
    ],
    countJobs: filters,
    getJob: [{ input: { job }, description: '' }],
    getScheduleWarnings: [{ input: { day: '2026-11-30', time: '10:00' }, description: '' }],
    getJobHistory: [{ input: { job }, description: '' }],
    listJobFiles: [{ input: { job }, description: '' }],
    getJobFormOptions: [{ input: { customer: large! }, description: '' }],
    listCustomers: [
      { input: {}, description: 'all' },
      { input: { search: 'anders' }, description: 'search' },
    ],
    getCustomer: [{ input: { customer: large! }, description: '' }],
    listPortalUsers: [
      { input: {}, description: 'all' },
      { input: { search: 'reader' }, description: 'search' },
    ],
    getPortalUser: [{ input: { user: user.id }, description: '' }],
    listMessages: [{ input: {}, description: '' }],
    getEmailChoices: [{ input: {}, description: '' }],
    getOfficeHome: [{ input: {}, description: '' }],
    getPortalChecklist: [{ input: {}, description: '' }],
  }
  const toReadCalls = (
    samplesByOperation: typeof portal,
    userKind: string,
    token: string,
    adaptInput = (_operation: OperationName, input: Record<string, string>) => input,
  ): ReadCall[] =>
    Object.entries(samplesByOperation).flatMap(([operation, samples]) =>
      samples.map(({ input, description }) => ({
        operation: operation as OperationName,
        userKind,
        token,
        description,
        input: adaptInput(operation as OperationName, input),
      })),
    )
  return [
    ...toReadCalls(portalOfSmallCustomer, 'small', user.token, forSmallCustomer),
    ...toReadCalls(portal, 'large', user.token),
    ...toReadCalls(portal, '200 customers', world.manyCustomersUser.token),
    ...toReadCalls(office, 'owner', world.owner.token),
  ]
}

/** Read operations of the portal that are not in the list. */
export const missingReadOperations = (calls: readonly ReadCall[]): string[] =>
  Object.entries(contracts as Record<string, Definition>)
    .filter(
      ([name, { method, path }]) =>
        method === 'GET' && path.startsWith('/portal/') && !calls.some((each) => each.operation === name),
    )
    .map(([name]) => name)
