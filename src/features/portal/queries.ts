import { sql } from 'kysely'
import type { Read, Write } from '../../platform/operation.ts'
import { visitorPermissions, type Permissions, type PortalConfig, type VisitorPreset } from '../identity/rules.ts'
import type { CustomerEmail, StaffEmail } from '../notifications/rules.ts'
import type { PortalFacts } from './rules.ts'

export interface PortalRow extends Omit<PortalConfig, 'name'> {
  name: string | null
  /** Normalized. */
  blockedEmails: string[]
  customerEmails: Record<Exclude<CustomerEmail, 'booked'>, boolean>
  staffEmails: Record<StaffEmail, boolean>
  /** Whether portal users who have not activated yet close secure links. */
  countUnclaimed: boolean
  /** Whether links to one record open it without a password all the same. */
  recordLinksAlone: boolean
  visitors: VisitorPreset
  version: number
}
export type PortalChange = Partial<Omit<PortalRow, 'version'>>

const TICKET_DEFAULTS = { ticketCreated: true, ticketReplied: true, ticketMoved: true }
const CUSTOMER_DEFAULTS = {
  ...{ scheduled: true, rescheduled: true, canceled: true, completed: true, commented: true },
  ...TICKET_DEFAULTS,
}
const JOB_DEFAULTS = { booked: true, commented: true, edited: true, canceled: true }
const STAFF_DEFAULTS = { ...JOB_DEFAULTS, ...TICKET_DEFAULTS, ticketAssigned: true }

export async function findPortalSettings(db: Read, account: string): Promise<PortalRow> {
  const row = await db
    .selectFrom('portal_settings as p')
    .innerJoin('permission_groups as g', (join) =>
      join.onRef('g.account_id', '=', 'p.account_id').on('g.kind', '=', 'full'),
    )
    .innerJoin('permission_groups as v', (join) =>
      join.onRef('v.account_id', '=', 'p.account_id').on('v.kind', '=', 'visitor'),
    )
    .selectAll('p')
    .select(['g.permissions', 'v.permissions as visitor_permissions'])
    .where('p.account_id', '=', account)
    .where('g.account_id', '=', account)
    .where('v.account_id', '=', account)
    .executeTakeFirstOrThrow()
  return {
    enabled: row.enabled,
    public: row.public,
    name: row.name,
    introduction: row.introduction,
    signUpFields: row.sign_up_fields as PortalConfig['signUpFields'],
    signUpDomains: row.sign_up_domains,
    blockedEmails: row.blocked_emails,
    switches: row.switches as unknown as Permissions,
    permissions: row.permissions as unknown as Permissions,
    templates: row.templates,
    hideJobsOfOtherTemplates: row.hide_jobs_of_other_templates,
    severalJobs: row.several_jobs,
    requestedStart: row.requested_start,
    createCustomers: row.create_customers,
    staffNames: row.staff_names as PortalConfig['staffNames'],
    confirmBookings: row.confirm_bookings,
    mailOnRemoval: row.mail_on_removal,
    lockMode: row.lock_mode as PortalConfig['lockMode'],
    linkDays: row.link_days,
    countUnclaimed: row.count_unclaimed,
    recordLinksAlone: row.record_links_alone,
    visitors: presetOf(row.visitor_permissions as unknown as Permissions),
    customerEmails: { ...CUSTOMER_DEFAULTS, ...(row.customer_emails as object) },
    staffEmails: { ...STAFF_DEFAULTS, ...(row.staff_emails as object) },
    version: row.version,
  }
}

/** Stores the change; false when the settings have been changed since the version `seen`. */
export async function savePortalSettings(
  db: Write,
  account: string,
  seen: number,
  change: PortalChange,
  now: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('portal_settings')
    .set((set) => ({ ...toColumns(change), version: set('version', '+', 1), updated_at: now }))
    .where('account_id', '=', account)
    .where('version', '=', seen)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) return false
  if (change.permissions) await saveGroup(db, account, 'full', change.permissions, now)
  if (change.visitors) await saveGroup(db, account, 'visitor', visitorPermissions(change.visitors), now)
  return true
}

/** Who sees jobs was never given the minimum alone: a group of its own counts as the nearer preset. */
const presetOf = ({ viewJobs }: Permissions): VisitorPreset => (viewJobs ? 'classic' : 'minimal')

/** The default permissions are those of the group Full access. */
async function saveGroup(
  db: Write,
  account: string,
  kind: 'full' | 'visitor',
  permissions: Permissions,
  now: Date,
): Promise<void> {
  await db
    .updateTable('permission_groups')
    .set((set) => ({ permissions: JSON.stringify(permissions), version: set('version', '+', 1), updated_at: now }))
    .where('account_id', '=', account)
    .where('kind', '=', kind)
    .execute()
}

/** Whoever has the settings open must read them again: the default permissions changed elsewhere. */
export const touchPortalSettings = async (db: Write, account: string, now: Date): Promise<void> => {
  await db
    .updateTable('portal_settings')
    .set((set) => ({ version: set('version', '+', 1), updated_at: now }))
    .where('account_id', '=', account)
    .execute()
}

function toColumns(change: PortalChange) {
  return {
    ...(change.enabled !== undefined && { enabled: change.enabled }),
    ...(change.public !== undefined && { public: change.public }),
    ...(change.name !== undefined && { name: change.name }),
    ...(change.introduction !== undefined && { introduction: change.introduction }),
    ...(change.signUpFields && { sign_up_fields: JSON.stringify(change.signUpFields) }),
    ...(change.signUpDomains && { sign_up_domains: change.signUpDomains }),
    ...(change.blockedEmails && { blocked_emails: change.blockedEmails }),
    ...(change.switches && { switches: JSON.stringify(change.switches) }),
    ...(change.templates && { templates: change.templates }),
    ...(change.hideJobsOfOtherTemplates !== undefined && {
      hide_jobs_of_other_templates: change.hideJobsOfOtherTemplates,
    }),
    ...(change.severalJobs !== undefined && { several_jobs: change.severalJobs }),
    ...(change.requestedStart !== undefined && { requested_start: change.requestedStart }),
    ...(change.createCustomers !== undefined && { create_customers: change.createCustomers }),
    ...(change.staffNames && { staff_names: change.staffNames }),
    ...(change.lockMode && { lock_mode: change.lockMode }),
    ...(change.linkDays !== undefined && { link_days: change.linkDays }),
    ...(change.countUnclaimed !== undefined && { count_unclaimed: change.countUnclaimed }),
    ...(change.recordLinksAlone !== undefined && { record_links_alone: change.recordLinksAlone }),
    ...(change.confirmBookings !== undefined && { confirm_bookings: change.confirmBookings }),
    ...(change.mailOnRemoval !== undefined && { mail_on_removal: change.mailOnRemoval }),
    ...(change.customerEmails && { customer_emails: JSON.stringify(change.customerEmails) }),
    ...(change.staffEmails && { staff_emails: JSON.stringify(change.staffEmails) }),
  }
}

/** The address cannot sign up any more; office staff with the settings open must read them again. */
export async function blockSignUp(db: Write, account: string, norm: string, now: Date): Promise<void> {
  await sql`
    update portal_settings
    set blocked_emails = array_append(blocked_emails, ${norm}), version = version + 1, updated_at = ${now}
    where account_id = ${account} and ${norm} <> all (blocked_emails)`.execute(db)
}

/** Ends every session of the account's portal and returns their number. */
export async function endAllPortalSessions(db: Write, account: string): Promise<number> {
  const { rows } = await sql<{ ended: number }>`select end_all_portal_sessions(${account}) as ended`.execute(db)
  return rows[0]?.ended ?? 0
}

/** Active templates in the account's order, and archived ones among the ids in `also`. */
export const listOfferableTemplates = (db: Read, account: string, also: readonly string[]) =>
  db
    .selectFrom('templates')
    .select(['id', 'name', 'status'])
    .where('account_id', '=', account)
    .where((where) =>
      where.or([where('status', '=', 'active'), ...(also.length > 0 ? [where('id', 'in', [...also])] : [])]),
    )
    .orderBy('position')
    .orderBy('id')
    .execute()

/** False when the address belongs to another account, or did within the last year. */
export async function changeAccountSlug(db: Write, account: string, slug: string, now: Date): Promise<boolean> {
  const { rows } = await sql<{ isChanged: boolean }>`
    select change_account_slug(${account}, ${slug}, ${now}) as "isChanged"`.execute(db)
  return rows[0]?.isChanged ?? false
}

interface FactsRow extends Omit<PortalFacts, 'offeredArchived' | 'users'> {
  archived: number
  active: number
  notActivated: number
  suspended: number
}

/** The users of a portal, with what the checklist counts. */
const selectUserFacts = (account: string) => sql`
  select
    u.id,
    u.status,
    (u.permissions is not null or u.templates_mode <> 'default') as is_customized,
    exists (
      select 1
      from portal_links l
      where l.account_id = ${account} and l.portal_user_id = u.id
    ) as is_linked,
    exists (
      select 1
      from portal_links l
      where l.account_id = ${account} and l.portal_user_id = u.id
        and l.permissions is not null
    ) as has_customized_link,
    case when u.status in ('invited', 'signed_up') then (
      select o.status
      from outbox o
      where o.account_id = ${account}
        and o.subject_kind = 'portalUser'
        and o.link_kind = 'invitation'
        and o.subject_id = u.id
      order by o.created_at desc, o.id desc
      limit 1
    ) end as mail_status
  from portal_users u
  where u.account_id = ${account} and u.status <> 'removed'`

/** The numbers that the checklist is derived from, in one statement. */
export async function findPortalFacts(db: Read, account: string, offeredIds: readonly string[]): Promise<PortalFacts> {
  const {
    rows: [row],
  } = await sql<FactsRow>`
    with users as (${selectUserFacts(account)})
    select
      (
        select count(*)::int
        from templates t
        where t.account_id = ${account} and t.status = 'active'
      ) as templates,
      (
        select count(*)::int
        from templates t
        where t.account_id = ${account} and t.status = 'active' and t.id = any (${[...offeredIds]}::uuid[])
      ) as offered,
      (
        select count(*)::int
        from templates t
        where t.account_id = ${account} and t.status = 'archived' and t.id = any (${[...offeredIds]}::uuid[])
      ) as archived,
      count(*) filter (where status = 'active')::int as active,
      count(*) filter (where status in ('invited', 'signed_up'))::int as "notActivated",
      count(*) filter (where status = 'suspended')::int as suspended,
      count(*) filter (where status = 'active' and not is_linked)::int as unlinked,
      count(*) filter (where mail_status = 'failed')::int as undelivered,
      count(*) filter (where is_customized or has_customized_link)::int as customized
    from users`.execute(db as Write)
  const { archived, active, notActivated, suspended, ...facts } = row!
  return { ...facts, offeredArchived: archived, users: { active, notActivated, suspended } }
}
