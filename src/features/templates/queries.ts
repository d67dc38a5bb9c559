import { sql } from 'kysely'
import type { Read, Write } from '../../platform/operation.ts'
import type { Field } from './fields/rules.ts'
import type { TemplateIcon } from './rules.ts'

export interface TemplateRow {
  id: string
  name: string
  description: string
  icon: TemplateIcon
  durationMinutes: number | null
  position: number
  status: 'active' | 'archived'
  /** The newest of its versions. */
  version: number
  updatedAt: Date
  fields: Field[]
}

type Key = { account: string; template: string }

/** Templates with the fields of their newest version, in the business's order. */
const selectNewestVersions = (db: Read, account: string) =>
  db
    .selectFrom('templates as t')
    .innerJoin('template_versions as v', (join) =>
      join
        .onRef('v.account_id', '=', 't.account_id')
        .onRef('v.template_id', '=', 't.id')
        .onRef('v.version', '=', 't.version'),
    )
    .where('t.account_id', '=', account)
    .where('v.account_id', '=', account)
    .select([
      't.id',
      't.name',
      't.description',
      't.icon',
      't.duration_minutes as durationMinutes',
      't.position',
      't.status',
      't.version',
      't.updated_at as updatedAt',
      'v.fields',
    ])
    .orderBy('t.position')
    .orderBy('t.id')

/** The templates of a status, or those with these ids in any status; at most 500. */
export async function listTemplates(
  db: Read,
  account: string,
  filter: { status: 'active' | 'archived' } | { ids: readonly string[] },
): Promise<TemplateRow[]> {
  const query =
    'status' in filter
      ? selectNewestVersions(db, account).where('t.status', '=', filter.status)
      : selectNewestVersions(db, account).where('t.id', 'in', filter.ids.length > 0 ? [...filter.ids] : [UNUSED_ID])
  return (await query.limit(500).execute()) as unknown as TemplateRow[]
}
/** SQL does not allow `in ()`, so an empty list becomes this id, which no template has. */
const UNUSED_ID = '00000000-0000-0000-0000-000000000000'

export async function countTemplates(db: Read, account: string): Promise<{ active: number; archived: number }> {
  const rows = await db
    .selectFrom('templates')
    .where('account_id', '=', account)
    .select((each) => ['status', each.fn.countAll<string>().as('count')])
    .groupBy('status')
    .execute()
  const countOf = (status: string) => Number(rows.find((row) => row.status === status)?.count ?? 0)
  return { active: countOf('active'), archived: countOf('archived') }
}

export const findTemplate = async (db: Read, { account, template }: Key): Promise<TemplateRow | undefined> =>
  (await selectNewestVersions(db, account).where('t.id', '=', template).executeTakeFirst()) as unknown as
    TemplateRow | undefined

/** The fields of a version; undefined when there is no version of that number. */
export async function findFieldsOfVersion(
  db: Read,
  { account, template }: Key,
  version: number,
): Promise<Field[] | undefined> {
  const row = await db
    .selectFrom('template_versions')
    .select('fields')
    .where('account_id', '=', account)
    .where('template_id', '=', template)
    .where('version', '=', version)
    .executeTakeFirst()
  return row?.fields as unknown as Field[] | undefined
}

type Content = Pick<TemplateRow, 'name' | 'description' | 'icon' | 'durationMinutes' | 'fields'>

/** Adds a template with its first version, last in the order. */
export async function insertTemplate(
  db: Write,
  { account, template }: Key,
  content: Content,
  { now, externalReference = null }: { now: Date; externalReference?: string | null },
): Promise<void> {
  await db
    .insertInto('templates')
    .values({
      account_id: account,
      id: template,
      ...toColumns(content),
      version: 1,
      external_reference: externalReference,
      created_at: now,
      updated_at: now,
      position: sql<number>`(select coalesce(max(position), 0) + 1 from templates where account_id = ${account})`,
    })
    .execute()
  await insertVersion(db, { account, template }, 1, content.fields, now)
}

/** Writes the content as the version after `seen`; false when `seen` is no longer the newest. */
export async function replaceTemplate(
  db: Write,
  { account, template }: Key,
  seen: number,
  content: Content,
  now: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('templates')
    .set({ ...toColumns(content), version: seen + 1, updated_at: now })
    .where('account_id', '=', account)
    .where('id', '=', template)
    .where('version', '=', seen)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  await insertVersion(db, { account, template }, seen + 1, content.fields, now)
  return true
}

const toColumns = ({ name, description, icon, durationMinutes }: Content) => ({
  name,
  description,
  icon,
  duration_minutes: durationMinutes,
})

const insertVersion = (db: Write, { account, template }: Key, version: number, fields: readonly Field[], now: Date) =>
  db
    .insertInto('template_versions')
    .values({ account_id: account, template_id: template, version, fields: JSON.stringify(fields), created_at: now })
    .execute()

export async function setTemplateStatus(
  db: Write,
  { account, template }: Key,
  status: 'active' | 'archived',
  now: Date,
): Promise<void> {
  await db
    .updateTable('templates')
    .set({ status, updated_at: now })
    .where('account_id', '=', account)
    .where('id', '=', template)
    .execute()
}

/** Puts the templates in the order of the ids. Those without an id come after, in their present order. */
export async function reorderTemplates(db: Write, account: string, ids: readonly string[]): Promise<void> {
  await sql`
    update templates t
    set position = o.place
    from (
      select
        id,
        row_number() over (order by array_position(${ids}::uuid[], id) nulls last, position, id) as place
      from templates
      where account_id = ${account}
    ) o
    where t.account_id = ${account}
      and t.id = o.id
      and t.position <> o.place`.execute(db)
}
