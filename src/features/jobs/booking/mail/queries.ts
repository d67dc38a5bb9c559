/** Checked right before a mail about a booking goes out: may its reader still open that job? */
import type { Read } from '../../../../platform/operation.ts'
import { selectBookableTemplates } from '../../../identity/rules.ts'

/**
 * What row-level security asks of a request: the booker is active, acts for the job's customer as a whole, the portal is on,
 * and its job type was not taken away (E-19).
 */
export async function canBookerSeeJob(db: Read, account: string, user: string, job: string): Promise<boolean> {
  const row = await db
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
    .select([
      'j.template_id',
      'u.templates_mode',
      'u.templates as user_templates',
      'p.templates as default_templates',
      'p.hide_jobs_of_other_templates as hides_others',
    ])
    .where('j.account_id', '=', account)
    .where('l.account_id', '=', account)
    .where('c.account_id', '=', account)
    .where('u.account_id', '=', account)
    .where('p.account_id', '=', account)
    .where('j.id', '=', job)
    .where('u.id', '=', user)
    .where('u.status', '=', 'active')
    .where('l.scope', '=', 'whole')
    .where('c.status', '=', 'active')
    .where('p.enabled', '=', true)
    .executeTakeFirst()
  if (!row) return false
  if (!row.hides_others) return true
  const bookable = selectBookableTemplates(row.default_templates, row.templates_mode as 'default', row.user_templates)
  return bookable.includes(row.template_id)
}

/** The member is active and not a worker, and the job still exists. */
export async function canOfficeSeeJob(db: Read, account: string, member: string, job: string): Promise<boolean> {
  const row = await db
    .selectFrom('staff_members as m')
    .innerJoin('jobs as j', 'j.account_id', 'm.account_id')
    .select('m.id')
    .where('m.account_id', '=', account)
    .where('j.account_id', '=', account)
    .where('j.id', '=', job)
    .where('m.id', '=', member)
    .where('m.status', '=', 'active')
    .where('m.role', '<>', 'worker')
    .executeTakeFirst()
  return row !== undefined
}
