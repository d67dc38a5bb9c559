/**
 * The second baseline: the first one's server on the leanest schema for the same questions (lean.sql). The difference of the
 * two is what our own schema costs, which the first baseline shares.
 */
import type { FastifyRequest } from 'fastify'
import { app, nullableDate, nullableText, pool, rowsOf, runInTransaction, start, tokenOf } from './baseline.ts'

interface User {
  account: string
  customers: string[]
}

const lookUpUser = async (request: FastifyRequest) =>
  (
    await pool.query<User>({
      name: 'user',
      text: 'select account, customers from lean.sessions where hash = $1',
      values: [tokenOf(request)],
    })
  ).rows[0]!
const contextOf = ({ account, customers }: User) => [account, '', '', '', `{${customers.join(',')}}`, '']

const job = {
  id: nullableText,
  customer: nullableText,
  number: { type: 'number' },
  title: nullableText,
  status: nullableText,
  address: nullableText,
  created_at: nullableDate,
}
const COLUMNS = 'j.id, j.customer, j.number, j.title, j.status, j.address, j.created_at'

app.get('/jobs', { schema: rowsOf(job) }, async (request) => {
  const user = await lookUpUser(request)
  const rows = await runInTransaction(contextOf(user), {
    name: 'list',
    text: `select ${COLUMNS} from unnest($1::uuid[]) as mine(id) cross join lateral (
        select * from lean.jobs j where j.customer = mine.id order by j.created_at desc, j.id desc limit 50) j
      order by j.created_at desc, j.id desc limit 50`,
    values: [user.customers],
  })
  return { rows }
})

const jobSchema = { response: { 200: { type: 'object', properties: job } } }
app.get('/jobs/:id', { schema: jobSchema }, async (request) => {
  const user = await lookUpUser(request)
  const [row] = await runInTransaction(contextOf(user), {
    name: 'open',
    text: `select ${COLUMNS} from lean.jobs j where j.id = $1`,
    values: [(request.params as { id: string }).id],
  })
  return row
})

app.post('/jobs', async (request, reply) => {
  const user = await lookUpUser(request)
  const { customer } = request.body as { customer: string }
  const [row] = await runInTransaction(
    contextOf(user),
    {
      name: 'create',
      text: `insert into lean.jobs (account, customer, title, status)
        values ($1, $2, 'Dishwasher repair', 'unassigned') returning id, number`,
      values: [user.account, customer],
    },
    'begin',
  )
  return reply.code(201).send(row)
})

await start()
