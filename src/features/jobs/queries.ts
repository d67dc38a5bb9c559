import { sql, type Insertable, type Selectable } from 'kysely'
import type { Files, History, Jobs } from '../../../db/schema.gen.ts'
import { insertRows, finalStatement, statement } from '../../platform/database/statements.ts'
import { fold } from '../../platform/fold.ts'
import type { Read, Write } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import { fieldsOfJob, searchableText, type Field, type Values } from '../templates/rules.ts'
import type { JobStatus } from './rules.ts'

export type JobRecord = Omit<Selectable<Jobs>, 'status' | 'fields'> & { status: JobStatus; fields: Values }

// Kysely's sql`` runs on anything that executes; a Read handle is one whose type cannot say insert.
const run = (db: Read) => db as Write

// ---- one job ----

/** The job as it is; undefined when this actor does not reach it. */
export async function findJob(db: Read, account: string, job: string): Promise<JobRecord | undefined> {
  const found = await db
    .selectFrom('jobs')
    .selectAll()
    .where('account_id', '=', account)
    .where('id', '=', job)
    .executeTakeFirst()
  return found as JobRecord | undefined
}

/** The same, held until the transaction ends: whoever decides on its status decides alone (E-41). */
export async function lockJob(db: Write, account: string, job: string): Promise<JobRecord | undefined> {
  const found = await db
    .selectFrom('jobs')
    .selectAll()
    .where('account_id', '=', account)
    .where('id', '=', job)
    .forUpdate()
    .executeTakeFirst()
  return found as JobRecord | undefined
}

/** Writes a locked job and counts its version up; answers the new version. */
export async function changeJob(
  db: Write,
  job: Pick<JobRecord, 'account_id' | 'id' | 'version'>,
  changes: Partial<Omit<Insertable<Jobs>, 'fields'> & { fields: Values }>,
  now: Date,
): Promise<number> {
  const { fields, ...rest } = changes
  const done = await db
    .updateTable('jobs')
    .set({ ...rest, ...(fields && { fields: JSON.stringify(fields) }), version: job.version + 1, updated_at: now })
    .where('account_id', '=', job.account_id)
    .where('id', '=', job.id)
    .where('version', '=', job.version)
    .returning('version')
    .executeTakeFirst()
  if (!done) throw problem('jobChanged')
  return done.version
}

/** Gives back a job its worker has declined. Nobody's own right: the worker loses sight of it in the same moment. */
export async function releaseDeclined(db: Write, account: string, job: string, now: Date): Promise<void> {
  await sql`select release_declined_job(${account}, ${job}, ${now})`.execute(db)
}

export async function removeJob(db: Write, account: string, job: string): Promise<boolean> {
  const done = await db.deleteFrom('jobs').where('account_id', '=', account).where('id', '=', job).executeTakeFirst()
  return done.numDeletedRows > 0n
}

/** Reserves `count` job numbers in a row and answers the first. A rolled back booking leaves no gap. */
export async function reserveJobNumbers(db: Write, account: string, count: number): Promise<number> {
  const {
    rows: [row],
  } = await sql<{ first: string }>`
    insert into counters (account_id, kind, next) values (${account}, 'job', ${1001 + count})
    on conflict (account_id, kind) do update set next = counters.next + ${count}
    returning next - ${count} as first`.execute(db)
  return Number(row!.first)
}

/** Writes new jobs, all in one statement: they have the same columns. */
export async function insertJobs(
  db: Write,
  rows: (Omit<Insertable<Jobs>, 'fields' | 'status'> & { fields: Values; status: JobStatus })[],
): Promise<void> {
  await insertRows(db, 'jobs', rows)
}

// ---- what hangs on a job ----

export interface HistoryLine {
  event: string
  /** `customer`: also shown in the portal, so nothing internal may be in it. */
  audience: 'internal' | 'customer'
  from?: JobStatus
  to?: JobStatus
  details?: Record<string, string | number | boolean | null | string[]>
}
export interface Author {
  kind: string
  id: string | null
  name: string | null
}

/** History is written in the transaction of the deed. Ids are made in order, so lines of one moment keep theirs. */
export async function addHistory(
  db: Write,
  jobs: readonly Pick<JobRecord, 'account_id' | 'id' | 'customer_id'>[],
  lines: readonly HistoryLine[],
  by: Author,
  now: Date,
  newId: () => string,
): Promise<void> {
  if (lines.length === 0 || jobs.length === 0) return
  await insertRows(
    db,
    'history',
    jobs.flatMap((job) =>
      lines.map((line) => ({
        account_id: job.account_id,
        id: newId(),
        parent_kind: 'job',
        parent_id: job.id,
        customer_id: job.customer_id,
        audience: line.audience,
        event: line.event,
        from_status: line.from ?? null,
        to_status: line.to ?? null,
        details: line.details ?? {},
        actor_kind: by.kind,
        actor_id: by.id,
        actor_name: by.name,
        created_at: now,
      })),
    ),
  )
}

export type HistoryRecord = Pick<
  Selectable<History>,
  'id' | 'event' | 'actor_kind' | 'actor_id' | 'actor_name' | 'created_at'
> & {
  details: Record<string, string | number | boolean | null | string[]>
  from_status: JobStatus | null
  to_status: JobStatus | null
  audience: 'internal' | 'customer'
}

type FileRecord = Omit<
  Selectable<Files>,
  'account_id' | 'parent_kind' | 'parent_id' | 'job_id' | 'customer_id' | 'partner_id' | 'storage_key'
>

/** Read through the job, whose own policy decides; `audience` is set for customers. */
export async function historyOf(
  db: Read,
  account: string,
  job: string,
  audience?: 'customer',
): Promise<HistoryRecord[]> {
  const rows = await db
    .selectFrom('history as h')
    .innerJoin('jobs as j', (join) => join.onRef('j.account_id', '=', 'h.account_id').onRef('j.id', '=', 'h.job_id'))
    .selectAll('h')
    .where('h.account_id', '=', account)
    .where('j.account_id', '=', account)
    .where('h.job_id', '=', job)
    .$if(audience !== undefined, (query) => query.where('h.audience', '=', audience!))
    .orderBy('h.created_at')
    .orderBy('h.id')
    .execute()
  return rows as unknown as HistoryRecord[]
}

export async function addComment(
  db: Write,
  job: Pick<JobRecord, 'account_id' | 'id' | 'customer_id'>,
  { id, audience, body }: { id: string; audience: 'internal' | 'customer'; body: string },
  by: Author,
  now: Date,
): Promise<void> {
  await db
    .insertInto('comments')
    .values({
      account_id: job.account_id,
      id,
      parent_kind: 'job',
      parent_id: job.id,
      customer_id: job.customer_id,
      audience,
      author_kind: by.kind,
      author_id: by.id,
      author_name: by.name,
      body,
      created_at: now,
    })
    .execute()
}

export interface CommentRecord {
  id: string
  audience: 'internal' | 'customer'
  body: string
  author_kind: string
  author_id: string | null
  author_name: string | null
  created_at: Date
}

// ---- names beside a job ----

export interface Around {
  customer: string
  reference: string | null
  template: string
  icon: string
  worker: string | null
}

/** A job with everything its page shows. */
export interface JobPageRecords {
  job: JobRecord & Around
  fields: Field[]
  history: HistoryRecord[]
  comments: CommentRecord[]
  files: FileRecord[]
  sites: { id: string; name: string | null; address: string }[]
}

/** Rows of a child as JSON: read through the job `j`, whose own policy decides. Moments arrive as ISO text. */
const children = (own: string, table: string, columns: string, only: string) =>
  `(select coalesce(json_agg(child order by child.created_at, child.id), '[]') from (select ${columns} from ${table} where account_id = ${own} and job_id = j.id${only}) child)`

/** `job` names the parameter; the account is given as one, or is that of the transaction's own context. */
const opening = (own: string, job: string, only: string) =>
  statement<
    Record<string, unknown>
  >(`select j.*, coalesce(c.name, '') as customer, c.reference, t.name as template, t.icon, coalesce(w.name, w.email) as worker,
    (select json_object_agg(v.version, v.fields) from template_versions v where v.account_id = ${own} and v.template_id = j.template_id and v.version = any (array[j.template_version, t.version])) as versions,
    t.version as current_version,
    ${children(own, 'history', 'id, audience, event, from_status, to_status, details, actor_kind, actor_id, actor_name, created_at', only)} as history,
    ${children(own, 'comments', 'id, audience, body, author_kind, author_id, author_name, created_at', only)} as comments,
    ${children(own, 'files', 'id, comment_id, field_id, audience, uploader_kind, uploader_id, uploader_name, name, type, size, created_at', only)} as files,
    (select coalesce(json_agg(json_build_object('id', s.id, 'name', s.name, 'address', s.address) order by s.created_at, s.id), '[]')
      from sites s where s.account_id = ${own} and s.customer_id = j.customer_id and s.status = 'active') as sites
    from jobs j left join customers c on c.account_id = ${own} and c.id = j.customer_id join templates t on t.account_id = ${own} and t.id = j.template_id
    left join staff_members w on w.account_id = ${own} and w.id = j.worker_id
    where j.account_id = ${own} and j.id = ${job}`)
const inOffice = opening('$1', '$2', '')
// Asked before anybody has seen who calls: whose account it is comes from the transaction's own context.
const inPortal = opening(
  "(select nullif(current_setting('app.account', true), '')::uuid)",
  '$1',
  " and audience = 'customer'",
)

/** One job with all that is beside it, in one statement; undefined when this actor does not reach it. */
export const loadJobPage = async (db: Read, account: string, job: string): Promise<JobPageRecords | undefined> =>
  opened(await inOffice(db, account, job))

/** The same of what is written for customers, within the reach of this transaction, which ends with it. */
export const loadPortalJobPage = async (db: Read, job: string): Promise<JobPageRecords | undefined> =>
  opened(await inPortal(finalStatement(db), job))

function opened([row]: Record<string, unknown>[]): JobPageRecords | undefined {
  if (!row) return undefined
  const {
    versions,
    current_version: current,
    history,
    comments,
    files,
    sites,
    ...rest
  } = row as unknown as JobRecord &
    Around &
    Omit<JobPageRecords, 'job'> & { versions: Record<number, Field[]>; current_version: number }
  for (const each of [...history, ...comments, ...files]) each.created_at = new Date(each.created_at)
  return {
    job: rest,
    fields: fieldsOfJob(versions[rest.template_version] ?? [], versions[current] ?? []),
    history,
    comments,
    files,
    sites,
  }
}

/** Other customers with the address of the portal user for whom this one was made: never joined by itself (E-24). */
export async function possibleDuplicatesOf(
  db: Read,
  account: string,
  customer: string,
): Promise<{ id: string; name: string }[]> {
  const { rows } = await sql<{ id: string; name: string }>`
    select distinct o.id, o.name from customers m
    join portal_users u on u.account_id = m.account_id and u.id = m.created_for
    join contacts c on c.account_id = m.account_id and c.email_norm = u.email_norm
    join customers o on o.account_id = c.account_id and o.id = c.customer_id
    where m.account_id = ${account} and m.id = ${customer} and o.id <> m.id limit 5`.execute(run(db))
  return rows
}

export const sitesOf = (db: Read, account: string, customers: readonly string[]) =>
  customers.length === 0
    ? Promise.resolve([])
    : db
        .selectFrom('sites')
        .select(['id', 'customer_id', 'name', 'address', 'latitude', 'longitude'])
        .where('account_id', '=', account)
        .where('customer_id', 'in', [...customers])
        .where('status', '=', 'active')
        .orderBy('created_at')
        .orderBy('id')
        .execute()

export const customerOf = (db: Read, account: string, customer: string) =>
  db
    .selectFrom('customers')
    .select(['id', 'name', 'status'])
    .where('account_id', '=', account)
    .where('id', '=', customer)
    .executeTakeFirst()

export const workersOf = (db: Read, account: string) =>
  db
    .selectFrom('staff_members')
    .select(['id', 'name', 'email', 'role'])
    .where('account_id', '=', account)
    .where('status', '=', 'active')
    .orderBy('name')
    .orderBy('id')
    .execute()

export const isActiveStaff = async (db: Read, account: string, member: string): Promise<boolean> =>
  (await db
    .selectFrom('staff_members')
    .select('id')
    .where('account_id', '=', account)
    .where('id', '=', member)
    .where('status', '=', 'active')
    .executeTakeFirst()) !== undefined

// ---- templates of jobs ----

export interface TemplateOf {
  id: string
  name: string
  description: string
  icon: string
  version: number
  duration_minutes: number | null
  status: string
  fields: Field[]
}

/** A template with the fields of its current version, for new jobs. */
export async function findTemplate(db: Read, account: string, template: string): Promise<TemplateOf | undefined> {
  const found = await db
    .selectFrom('templates as t')
    .innerJoin('template_versions as v', (join) =>
      join
        .onRef('v.account_id', '=', 't.account_id')
        .onRef('v.template_id', '=', 't.id')
        .onRef('v.version', '=', 't.version'),
    )
    .select(['t.id', 't.name', 't.description', 't.icon', 't.version', 't.duration_minutes', 't.status', 'v.fields'])
    .where('t.account_id', '=', account)
    .where('v.account_id', '=', account)
    .where('t.id', '=', template)
    .executeTakeFirst()
  return found as TemplateOf | undefined
}

export const activeTemplates = (db: Read, account: string) =>
  db
    .selectFrom('templates')
    .select(['id', 'name', 'description', 'icon', 'duration_minutes'])
    .where('account_id', '=', account)
    .where('status', '=', 'active')
    .orderBy('position')
    .orderBy('id')
    .execute()

/** Fields of an existing job: the version it was made with, under today's permissions (E-18, E-20). */
export async function fieldsOf(
  db: Read,
  account: string,
  job: Pick<JobRecord, 'template_id' | 'template_version'>,
): Promise<Field[]> {
  const rows = await db
    .selectFrom('template_versions as v')
    .innerJoin('templates as t', (join) =>
      join.onRef('t.account_id', '=', 'v.account_id').onRef('t.id', '=', 'v.template_id'),
    )
    .select(['v.version', 'v.fields', 't.version as current'])
    .where('v.account_id', '=', account)
    .where('t.account_id', '=', account)
    .where('t.id', '=', job.template_id)
    .where((test) =>
      test.or([test('v.version', '=', job.template_version), test('v.version', '=', test.ref('t.version'))]),
    )
    .execute()
  const of = (version: number | undefined) =>
    (rows.find((row) => row.version === version)?.fields ?? []) as unknown as Field[]
  return fieldsOfJob(of(job.template_version), of(rows[0]?.current))
}

// ---- search text ----

/** What a search finds a job by: for customers only what they may see of it. Customers' names are searched where they are kept. */
export function searchTexts(
  job: Pick<JobRecord, 'number' | 'title' | 'address' | 'tags' | 'external_reference' | 'fields'>,
  fields: readonly Field[],
): { folded_portal: string; folded_office: string } {
  const shown = [String(job.number), job.title, job.address]
  return {
    folded_portal: fold(...shown, searchableText(fields, job.fields, 'portal')),
    folded_office: fold(...shown, ...job.tags, job.external_reference, searchableText(fields, job.fields, 'office')),
  }
}

/**
 * Makes search texts anew for all jobs of a template: call it when a field becomes hidden or shown, in the same
 * transaction, or a customer could search for what is hidden now (PS-14). Answers how many jobs there were.
 */
export async function refoldJobs(db: Write, account: string, template: string): Promise<number> {
  let after = '00000000-0000-0000-0000-000000000000',
    done = 0
  for (;;) {
    const jobs = await db
      .selectFrom('jobs')
      .selectAll()
      .where('account_id', '=', account)
      .where('template_id', '=', template)
      .where('id', '>', after)
      .orderBy('id')
      .limit(500)
      .execute()
    if (jobs.length === 0) return done
    const fields = new Map<number, Field[]>()
    for (const { template_id, template_version } of jobs) {
      if (!fields.has(template_version))
        fields.set(template_version, await fieldsOf(db, account, { template_id, template_version }))
    }
    const texts = jobs.map((job) => searchTexts(job as unknown as JobRecord, fields.get(job.template_version)!))
    await sql`update jobs j set folded_portal = v.portal, folded_office = v.office
      from unnest(${jobs.map((job) => job.id)}::uuid[], ${texts.map((text) => text.folded_portal)}::text[], ${texts.map((text) => text.folded_office)}::text[]) as v(id, portal, office)
      where j.account_id = ${account} and j.id = v.id`.execute(db)
    done += jobs.length
    after = jobs.at(-1)!.id
  }
}

// ---- lists ----

export interface JobRowRecord {
  id: string
  number: number
  title: string
  status: JobStatus
  customer_id: string
  customer: string
  template_id: string
  template: string
  icon: string
  worker_id: string | null
  worker: string | null
  address: string | null
  tags: string[]
  requested_at: Date | null
  scheduled_at: Date | null
  duration_minutes: number | null
  completed_at: Date | null
  canceled_at: Date | null
  created_by_kind: string
  created_by_id: string | null
  created_by_name: string | null
  created_at: Date
  updated_at: Date
  version: number
}

/** Counts stop here: beyond it a list says "more than". */
export const COUNT_CAP = 10_000

// ---- cursors: where a page ended. Not secret: they only say where to go on, within what is reached. ----

export const writeCursor = (sort: string, { at, id }: { at: string; id: string }): string =>
  Buffer.from([sort, at, id].join('|')).toString('base64url')

/** @throws problem input when it is none of ours for this sort */
export function readCursor(cursor: string, sort: string): { at: string; id: string } {
  const [kind, at = '', id = ''] = Buffer.from(cursor, 'base64url').toString().split('|')
  const [, day, time] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?:[+-]\d\d(?::\d\d)?)?$/.exec(at) ?? []
  const moment = /^-?infinity$/.test(at) || (day !== undefined && Number.isFinite(Date.parse(`${day}T${time}Z`)))
  const fits = kind === sort && moment && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(id)
  if (!fits) throw problem('input', { fields: { cursor: 'format' } })
  return { at, id }
}
