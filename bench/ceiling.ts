/**
 * The baseline server: the same data with nothing but the fetching. Fastify and `pg`, a separate session query, row-level
 * security on, and begin + context + query + commit sent as one batch. It has no permissions, validation, history or log.
 * run.ts starts it with its settings as JSON; it is not part of the product.
 */
import { randomUUID } from 'node:crypto'
import { verify } from '@node-rs/argon2'
import type { FastifyRequest } from 'fastify'
import {
  app,
  nullableDate,
  nullableText as text,
  pool,
  readSettings,
  rowsOf,
  runInTransaction,
  start,
  tokenOf,
  type BaselineSettings,
} from './baseline.ts'

const settings = readSettings<BaselineSettings & { hash: string; template: string }>()

interface User {
  account: string
  subject: string
  customers: string[]
  templates: string[]
}

const lookUpUser = async (request: FastifyRequest) =>
  (
    await pool.query<User>({
      name: 'user',
      text: 'select * from bench_user($1, $2)',
      values: ['bench', tokenOf(request)],
    })
  ).rows[0]!
const lookUpMember = async (request: FastifyRequest) =>
  (
    await pool.query<{ account: string; subject: string }>({
      name: 'member',
      text: 'select * from bench_member($1, $2)',
      values: ['bench', tokenOf(request)],
    })
  ).rows[0]!

const contextOf = (user: User) => [
  user.account,
  '',
  'portalUser',
  user.subject,
  `{${user.customers.join(',')}}`,
  `{${user.templates.join(',')}}`,
]

const JOB_COLUMNS = 'j.id, j.number, j.title, j.status, c.name as customer, j.address, j.scheduled_at, j.created_at'
/** The newest 50 jobs of the user's customers, with one index scan per customer. */
const newestJobs = (where = '') => `select ${JOB_COLUMNS} from (
    select found.* from unnest($2::uuid[]) as mine(id) cross join lateral (
      select * from jobs j where j.account_id = $1 and j.customer_id = mine.id ${where} order by j.created_at desc, j.id desc limit 50) found
    order by found.created_at desc, found.id desc limit 50) j
  join customers c on c.account_id = $1 and c.id = j.customer_id order by j.created_at desc, j.id desc`

const rowsSchema = rowsOf({
  id: text,
  number: { type: 'number' },
  title: text,
  status: text,
  customer: text,
  address: text,
  scheduled_at: nullableDate,
  created_at: nullableDate,
})

const listJobs = async (request: FastifyRequest) => {
  const user = await lookUpUser(request)
  const { search } = request.query as { search?: string }
  return search
    ? runInTransaction(contextOf(user), {
        name: 'search',
        text: newestJobs('and j.search_text_portal like $3'),
        values: [user.account, user.customers, `%${search}%`],
      })
    : runInTransaction(contextOf(user), { name: 'list', text: newestJobs(), values: [user.account, user.customers] })
}
app.get('/jobs', { schema: rowsSchema }, async (request) => ({ rows: await listJobs(request) }))
app.get('/page', async (request, reply) => {
  const found = (await listJobs(request)) as Record<string, unknown>[]
  const escape = (value: unknown) => String(value ?? '').replaceAll(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
  const items = found.map(
    (row) =>
      `<tr><td>${escape(row.number)}</td><td><a href="/jobs/${escape(row.id)}">${escape(row.title)}</a></td><td>${escape(row.customer)}</td><td>${escape(row.status)}</td><td>${escape(row.address)}</td><td>${escape(row.scheduled_at)}</td></tr>`,
  )
  return reply
    .type('text/html')
    .send(`<!doctype html><html lang="en"><title>Jobs</title><body><table>${items.join('')}</table></body></html>`)
})
app.get('/jobs/:id', async (request) => {
  const user = await lookUpUser(request)
  const [row] = await runInTransaction(contextOf(user), {
    name: 'open',
    values: [user.account, (request.params as { id: string }).id],
    text: `select j.*, c.name as customer, t.name as template, v.fields as questions,
      (select json_agg(h order by h.created_at) from history h where h.account_id = $1 and h.job_id = j.id and h.audience = 'customer') as history,
      (select json_agg(m order by m.created_at) from comments m where m.account_id = $1 and m.job_id = j.id and m.audience = 'customer') as comments,
      (select json_agg(f order by f.created_at) from files f where f.account_id = $1 and f.job_id = j.id and f.audience = 'customer') as files,
      (select json_agg(s) from sites s where s.account_id = $1 and s.customer_id = j.customer_id) as sites
      from jobs j join customers c on c.account_id = $1 and c.id = j.customer_id join templates t on t.account_id = $1 and t.id = j.template_id
      join template_versions v on v.account_id = $1 and v.template_id = j.template_id and v.version = j.template_version
      where j.account_id = $1 and j.id = $2`,
  })
  return row
})
app.post('/jobs', async (request, reply) => {
  const user = await lookUpUser(request)
  const { site, fields } = request.body as { site: string; fields: object }
  const [row] = await runInTransaction(
    contextOf(user),
    {
      name: 'create',
      values: [
        user.account,
        randomUUID(),
        user.customers[1],
        site,
        settings.template,
        user.subject,
        JSON.stringify(fields),
        'dishwasher repair leaks at the door',
      ],
      text: `with taken as (update counters set next = next + 1 where account_id = $1 and kind = 'job' returning next - 1 as number)
      insert into jobs (account_id, id, number, customer_id, site_id, template_id, template_version, title, created_by_kind, created_by_id, status, duration_minutes, fields, search_text_portal, search_text_office, created_at, updated_at)
      select $1, $2, number, $3, $4, $5, 1, 'Dishwasher repair', 'portalUser', $6, 'unassigned', 90, $7, $8, $8, now(), now() from taken returning id, number`,
    },
    'begin',
  )
  return reply.code(201).send(row)
})
app.get('/office', { schema: rowsSchema }, async (request) => {
  const { account, subject } = await lookUpMember(request)
  return {
    rows: await runInTransaction([account, 'all', 'staff', subject, '', ''], {
      name: 'office',
      values: [account],
      text: `select ${JOB_COLUMNS} from jobs j left join customers c on c.account_id = $1 and c.id = j.customer_id where j.account_id = $1 order by j.created_at desc, j.id desc limit 50`,
    }),
  }
})
interface Reader {
  account: string
  kind: string
  subject: string
  whole: string[]
  customers: string[]
  contacts: string[]
}

const lookUpReader = async (request: FastifyRequest) =>
  (
    await pool.query<Reader>({
      name: 'reader',
      text: 'select * from bench_reader($1, $2)',
      values: ['bench', tokenOf(request)],
    })
  ).rows[0]!

const readerContext = ({ account, kind, subject, whole, customers, contacts }: Reader) => [
  account,
  '',
  kind,
  subject,
  `{${[...whole, ...customers].join(',')}}`,
  '{}',
  `{${whole.join(',')}}`,
  `{${contacts.join(',')}}`,
]

const TICKET_COLUMNS =
  't.id, t.number, t.subject, t.status, t.priority, c.name as customer, k.name as contact, t.created_at, t.updated_at'
/** The newest 50 tickets of the reader's customers, else of their contacts. */
const newestTickets = (where: string) => `select ${TICKET_COLUMNS} from (
    select found.* from unnest($2::uuid[]) as mine(id) cross join lateral (
      select * from tickets t where t.account_id = $1 and t.customer_id = mine.id ${where} order by t.updated_at desc, t.id desc limit 50) found
    order by found.updated_at desc, found.id desc limit 50) t
  join customers c on c.account_id = $1 and c.id = t.customer_id left join contacts k on k.account_id = $1 and k.id = t.contact_id
  order by t.updated_at desc, t.id desc`

const ticketsSchema = rowsOf({
  id: text,
  number: { type: 'number' },
  subject: text,
  status: text,
  priority: text,
  customer: text,
  contact: text,
  created_at: nullableDate,
  updated_at: nullableDate,
})

app.get('/tickets', { schema: ticketsSchema }, async (request) => {
  const reader = await lookUpReader(request)
  const { account, whole, customers, contacts } = reader
  const query =
    whole.length > 0
      ? { name: 'tickets', text: newestTickets(''), values: [account, whole] }
      : {
          name: 'own tickets',
          text: newestTickets('and (t.contact_id = any ($3) or t.participants && $3)'),
          values: [account, customers, contacts],
        }
  return { rows: await runInTransaction(readerContext(reader), query) }
})
app.get('/tickets/:id', async (request) => {
  const reader = await lookUpReader(request)
  const [row] = await runInTransaction(readerContext(reader), {
    name: 'ticket',
    values: [reader.account, (request.params as { id: string }).id],
    text: `select t.*, c.name as customer, k.name as contact,
      (select json_agg(h order by h.created_at) from history h where h.account_id = $1 and h.ticket_id = t.id and h.audience = 'customer') as history,
      (select json_agg(m order by m.created_at) from comments m where m.account_id = $1 and m.ticket_id = t.id and m.audience = 'customer') as comments,
      (select json_agg(f order by f.created_at) from files f where f.account_id = $1 and f.ticket_id = t.id and f.audience = 'customer') as files,
      (select json_agg(p) from contacts p where p.account_id = $1 and p.id = any (t.participants)) as participants
      from tickets t join customers c on c.account_id = $1 and c.id = t.customer_id left join contacts k on k.account_id = $1 and k.id = t.contact_id
      where t.account_id = $1 and t.id = $2`,
  })
  return row
})
app.post('/login', async (request) => ({
  correct: await verify(settings.hash, (request.body as { password: string }).password),
}))

await start()
