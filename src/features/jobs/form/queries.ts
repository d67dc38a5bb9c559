/** What a job's form offers and is checked against: customers, sites, workers and templates. */
import type { Read } from '../../../platform/operation.ts'
import { resolveJobFields, type Field } from '../../templates/fields/rules.ts'
import type { JobRecord } from '../queries.ts'

export const listSites = (db: Read, account: string, customers: readonly string[]) =>
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
    .where('merged_into_id', 'is', null)
    .executeTakeFirst()

/** The ticket that a job is created from. */
export const ticketOf = (db: Read, account: string, ticket: string) =>
  db
    .selectFrom('tickets')
    .select(['account_id', 'id', 'customer_id', 'contact_id', 'participants'])
    .where('account_id', '=', account)
    .where('id', '=', ticket)
    .executeTakeFirst()

/** Everybody a job can be assigned to. */
export const workersOf = (db: Read, account: string) =>
  db
    .selectFrom('staff_members')
    .select(['id', 'name', 'email', 'role'])
    .where('account_id', '=', account)
    .where('status', '=', 'active')
    .orderBy('name')
    .orderBy('id')
    .execute()

/** Names of the active staff by id. */
export const nameWorkers = async (db: Read, account: string): Promise<Map<string, string>> =>
  new Map((await workersOf(db, account)).map(({ id, name, email }) => [id, name ?? email]))

export async function isActiveStaff(db: Read, account: string, member: string): Promise<boolean> {
  const row = await db
    .selectFrom('staff_members')
    .select('id')
    .where('account_id', '=', account)
    .where('id', '=', member)
    .where('status', '=', 'active')
    .executeTakeFirst()
  return row !== undefined
}

/** A template as a new job needs it. */
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

/** A template with the fields of its current version. */
export async function findTemplate(db: Read, account: string, template: string): Promise<TemplateOf | undefined> {
  const row = await db
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
  return row as TemplateOf | undefined
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
  const fieldsIn = (version: number | undefined) =>
    (rows.find((row) => row.version === version)?.fields ?? []) as unknown as Field[]
  return resolveJobFields(fieldsIn(job.template_version), fieldsIn(rows[0]?.current))
}
