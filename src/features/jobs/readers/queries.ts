/**
 * Who may read a job outside a request: whom an email about it may reach. Asked when it is written and again right before it
 * is sent. The same as row-level security asks of a request; a test compares the two.
 */
import { sql } from 'kysely'
import type { Read } from '../../../platform/operation.ts'
import type { EmailChoices, CustomerEmail, StaffEmail } from '../../notifications/rules.ts'
import { createWantedChecks, type PortalReader, type StaffReader } from '../../records/readers/queries.ts'
import type { JobRecord } from '../queries.ts'
import { resolvePermission, type GroupKind, type Permissions, type StaffRole } from '../../identity/rules.ts'
import { selectBookableTemplates } from '../../identity/templates/rules.ts'

/**
 * Portal users who see the job: active, linked to its whole customer, which is active, with permission to see jobs; the portal is
 * on, and the type of job was not taken away from them (E-19).
 */
export async function listPortalReaders(db: Read, account: string, job: string): Promise<PortalReader[]> {
  const rows = await db
    .selectFrom('jobs as j')
    .innerJoin('portal_links as l', (join) =>
      join.onRef('l.account_id', '=', 'j.account_id').onRef('l.customer_id', '=', 'j.customer_id'),
    )
    .innerJoin('customers as c', (join) =>
      join.onRef('c.account_id', '=', 'l.account_id').onRef('c.id', '=', 'l.customer_id'),
    )
    .innerJoin('portal_users as u', (join) =>
      join.onRef('u.account_id', '=', 'l.account_id').onRef('u.id', '=', 'l.portal_user_id'),
    )
    .innerJoin('portal_settings as p', 'p.account_id', 'j.account_id')
    .innerJoin('permission_groups as g', (join) =>
      join
        .onRef('g.account_id', '=', 'l.account_id')
        .on('g.id', '=', sql<string>`group_of_link(l.account_id, l.group_id, l.scope)`),
    )
    .select(['u.id', 'u.email', 'u.name', 'u.locale', 'u.email_choices', 'j.template_id', 'u.templates_mode'])
    .select(['u.templates as user_templates', 'p.templates as default_templates'])
    .select('p.hide_jobs_of_other_templates as hides_others')
    .select(['u.permissions as own', 'l.permissions as of_link', 'p.switches'])
    .select(['g.kind', 'g.permissions as of_group'])
    .where('j.account_id', '=', account)
    .where('l.account_id', '=', account)
    .where('c.account_id', '=', account)
    .where('u.account_id', '=', account)
    .where('p.account_id', '=', account)
    .where('g.account_id', '=', account)
    .where('j.id', '=', job)
    .where('u.status', '=', 'active')
    .where('l.scope', '=', 'whole')
    .where('c.status', '=', 'active')
    .where('p.enabled', '=', true)
    .orderBy('u.created_at')
    .orderBy('u.id')
    .execute()
  return rows
    .filter((row) => seesJob(row as unknown as LinkRow))
    .map(({ id, email, name, locale, email_choices: choices }) => ({
      ...{ id, email, name, locale },
      choices: choices as EmailChoices<CustomerEmail>,
    }))
}

interface LinkRow {
  switches: Permissions
  own: Partial<Permissions> | null
  of_link: Partial<Permissions> | null
  kind: GroupKind
  of_group: Permissions
  hides_others: boolean
  default_templates: string[]
  templates_mode: 'default' | 'add' | 'replace' | 'hide'
  user_templates: string[]
  template_id: string
}

/** Whether the permission to see jobs and the types of jobs of a link include one. */
function seesJob({ switches, own, of_link, kind, of_group: permissions, ...row }: LinkRow): boolean {
  const link = { permissions: of_link, group: { kind, permissions } }
  if (!resolvePermission('viewJobs', { switches, permissions }, own, link).allowed) return false
  const bookable = selectBookableTemplates(row.default_templates, row.templates_mode, row.user_templates)
  return !row.hides_others || bookable.includes(row.template_id)
}

/** Staff who see the job: the office, and its worker once it is published. Of a job that was deleted, the office. */
export async function listStaffReaders(db: Read, account: string, job: string): Promise<StaffReader[]> {
  const rows = await db
    .selectFrom('staff_members as m')
    .leftJoin('jobs as j', (join) =>
      join.onRef('j.account_id', '=', 'm.account_id').on('j.id', '=', job).on('j.status', '<>', 'unpublished'),
    )
    .select(['m.id', 'm.email', 'm.name', 'm.role', 'm.email_choices'])
    .where('m.account_id', '=', account)
    .where('m.status', '=', 'active')
    .where((where) => where.or([where('m.role', '<>', 'worker'), where('j.worker_id', '=', where.ref('m.id'))]))
    .orderBy('m.created_at')
    .orderBy('m.id')
    .execute()
  return rows.map(({ id, email, name, role, email_choices: choices }) => ({
    ...{ id, email, name },
    role: role as StaffRole,
    choices: choices as EmailChoices<StaffEmail>,
  }))
}

/** What a customer's view of status and time comes from. Undefined when the job was deleted. */
export const findJobState = async (db: Read, account: string, job: string) =>
  (await db
    .selectFrom('jobs')
    .select(['status', 'scheduled_at'])
    .where('account_id', '=', account)
    .where('id', '=', job)
    .executeTakeFirst()) as Pick<JobRecord, 'status' | 'scheduled_at'> | undefined

export const { isWantedByPortalUser, isWantedByStaff } = createWantedChecks({ listPortalReaders, listStaffReaders })
