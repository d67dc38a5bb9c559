/** Two businesses with so many jobs that a search needs its index, and what each search should find. */
import pg from 'pg'
import { inject } from 'vitest'
import { startTestServer, type Business, type Person, type TestServer } from '../../../../test/test-server.ts'
import { fold } from '../../../platform/fold.ts'
import { newId } from '../../../platform/ids.ts'

/** More than a search reads before it asks the index, also of many customers: words of the oldest are found by it alone. */
const MANY_JOBS = 3_300
const WORDS = ['boiler', 'leak', 'oven', 'quay', 'ab', '4711', 'zebra', 'marten']
/** Searched for: whole words, parts of words, names, too short, with marks, in none. */
export /** Searched for: whole words, parts of words, names, too short, with marks, in none. */
const SEARCHES = [
  ...WORDS,
  'oil',
  'ebr',
  'anders',
  'Ånders',
  'lettings',
  'a',
  '47',
  'ott%er',
  'x-9',
  'secret',
  'internalword',
  'nothing',
  'zzz',
]

export interface SearchedJob {
  id: string
  account: string
  customer: string
  template: string
  worker: string | null
  status: string
  portal: string
  office: string
  name: string
  search_text: string
}

export interface SearchWorld {
  server: TestServer
  here: Business
  there: Business
  /** A connection as the app's own role, for the functions of the index. */
  client: pg.Client
  customers: string[]
  templates: string[]
  worker: Person
  idle: Person
  /** All jobs, newest first. */
  jobs: SearchedJob[]
}

export async function createSearchWorld(): Promise<SearchWorld> {
  const server = await startTestServer()
  const [here, there] = [await server.business(), await server.business()]
  const worker = await here.staff('worker', 'Marek Nowak')
  const idle = await here.staff('worker', 'Idle Worker')
  const templates = [
    await here.template({ name: 'Alpha' }),
    await here.template({ name: 'Beta' }),
    await here.template({ name: 'Gamma', offered: false }),
  ]
  const names = [
    'Anders Lettings',
    'Bolton',
    'Ånders Quay',
    ...Array.from({ length: 12 }, (_, index) => `Customer ${index}`),
  ]
  const customers = await Promise.all(names.map((name) => here.customer(name)))
  const foreign = {
    account: there.id,
    customer: await there.customer('Anders Foreign'),
    template: await there.template(),
  }
  const rows = jobRows({ account: here.id, customers, templates, worker: worker.id }, foreign, server.clock.now())
  const jobs = await storeJobs(server, rows, customers[1]!, [here.id, there.id])
  const { admin, passwords } = inject('world')
  const client = new pg.Client({
    ...admin,
    database: server.database,
    user: 'portico_app',
    password: passwords.portico_app,
  })
  await client.connect()
  return { server, here, there, client, customers, templates, worker, idle, jobs }
}

interface NewJob {
  account: string
  customer: string
  template: string
  words: string
  /** Words that only the office finds. */
  hidden?: string
  worker?: string | null
}

function jobRows(
  home: { account: string; customers: string[]; templates: string[]; worker: string },
  foreign: { account: string; customer: string; template: string },
  now: Date,
): object[] {
  const { account, customers, templates, worker } = home
  const template = (index: number) => templates[index % 3]!
  // Older than anything of the large customer, and enough to fill a page.
  const oldest: NewJob[] = Array.from({ length: 9 }, (_, index) => ({
    account,
    customer: customers[1]!,
    template: templates[index % 2]!,
    words: 'heron',
  }))
  // Words recur with different periods, so pairs of words meet here and there; some are in the oldest only.
  const large: NewJob[] = Array.from({ length: MANY_JOBS }, (_, index) => ({
    account,
    customer: customers[0]!,
    template: template(index),
    words: [
      ...WORDS.filter((_word, which) => index % (which * which * 5 + 5) === 0),
      ...(index < 3 ? ['otter', 'ott%er', 'x-9'] : []),
      ...(index === 100 ? ['heron'] : []),
    ].join(' '),
    hidden: index % 90 === 0 ? 'secret internalword' : '',
    worker: index % 4 === 0 ? worker : null,
  }))
  const small: NewJob[] = Array.from({ length: 60 }, (_, index) => ({
    account,
    customer: customers[1 + (index % 14)]!,
    template: template(index),
    words: WORDS.filter((_word, which) => (index + which) % 5 === 0).join(' '),
    hidden: index % 7 === 0 ? 'secret' : '',
    worker: index % 3 === 0 ? worker : null,
  }))
  const elsewhere: NewJob[] = Array.from({ length: 40 }, () => ({
    ...foreign,
    words: WORDS.join(' '),
    hidden: 'secret',
  }))
  return [...oldest, ...large, ...small, ...elsewhere].map((job, index) => jobRow(job, index + 1, now))
}

function jobRow({ account, customer, template, words, hidden = '', worker = null }: NewJob, number: number, now: Date) {
  const portal = fold(String(number), words)
  const createdAt = new Date(now.getTime() - (9_000 - number) * 1000)
  return {
    account_id: account,
    id: newId(),
    number: 1_000_000 + number,
    customer_id: customer,
    template_id: template,
    template_version: 1,
    title: 'Repair',
    created_by_kind: 'staff',
    worker_id: worker,
    fields: {},
    tags: [],
    unread_comments: 0,
    requested_any_time: false,
    version: 1,
    status: worker ? ['assigned', 'completed', 'unpublished'][number % 3] : ['unassigned', 'canceled'][number % 2],
    search_text_portal: portal,
    search_text_office: fold(portal, hidden),
    created_at: createdAt,
    updated_at: createdAt,
  }
}

/** Stores the rows and reads all jobs back, as the owner of the schema. */
async function storeJobs(
  server: TestServer,
  rows: object[],
  customerWithAddress: string,
  accounts: string[],
): Promise<SearchedJob[]> {
  const { admin, passwords } = inject('world')
  const owner = new pg.Client({
    ...admin,
    database: server.database,
    user: 'portico_owner',
    password: passwords.portico_owner,
  })
  await owner.connect()
  try {
    await owner.query('insert into jobs select * from jsonb_populate_recordset(null::jobs, $1)', [JSON.stringify(rows)])
    // Contacts and addresses of a customer are searched by the office, never by customers.
    await owner.query(
      "update customers set search_text = search_name || case when id = $1 then ' backdoor lane' else '' end",
      [customerWithAddress],
    )
    const { rows: jobs } = await owner.query<SearchedJob>(
      `select j.id, j.account_id as account, j.customer_id as customer, j.template_id as template,
        j.worker_id as worker, j.status, j.search_text_portal as portal, j.search_text_office as office,
        c.search_name as name, c.search_text
      from jobs j join customers c on c.account_id = j.account_id and c.id = j.customer_id
      where j.account_id = any ($1) order by j.created_at desc, j.id desc`,
      [accounts],
    )
    await owner.query('analyze jobs')
    return jobs
  } finally {
    await owner.end()
  }
}

type Settings = {
  account: string
  staff?: string
  actor_id?: string
  customers?: string[]
  jobs_of?: string[]
  templates?: string[]
  all_templates?: boolean
}

/** Ids that a function of the index returns, and those that reading all jobs under row-level security finds. */
export async function askIndex(
  client: pg.Client,
  settings: Settings,
  call: string,
  values: unknown[],
  fullRead: { text: string; values: unknown[] },
): Promise<{ byIndex: string[] | null; byReading: string[] }> {
  await client.query('begin read only')
  try {
    const asText = Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [
        key,
        Array.isArray(value) ? `{${value.join(',')}}` : String(value),
      ]),
    )
    await client.query('select app_begin($1)', [JSON.stringify(asText)])
    const { ids } = (await client.query<{ ids: string[] | null }>(`select ${call} as ids`, values)).rows[0]!
    const read = await client.query<{ id: string }>(fullRead.text, fullRead.values)
    return { byIndex: ids && [...ids].sort(), byReading: read.rows.map((row) => row.id).sort() }
  } finally {
    await client.query('rollback')
  }
}
