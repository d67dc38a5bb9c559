import { sql, type RawBuilder } from 'kysely'
import { foldedPatterns } from '../../../platform/fold.ts'
import type { Read, Write } from '../../../platform/operation.ts'
import { selectDisabledUsers } from '../groups/queries.ts'
import type { DisplayStatus, UserStatus } from '../rules.ts'

export interface InvitationMailRow {
  id: string
  status: 'waiting' | 'sending' | 'sent' | 'failed' | 'canceled'
  attempts: number
  created_at: Date
  sent_at: Date | null
  next_at: Date
  last_result: string | null
}

export interface PortalUserRow {
  id: string
  email: string
  name: string | null
  status: UserStatus
  display_status: DisplayStatus
  customized: boolean
  created_at: Date
  last_sign_in_at: Date | null
  customers: number
  names: string[] | null
  mail:
    | (Omit<InvitationMailRow, 'created_at' | 'sent_at' | 'next_at'> & {
        created_at: string
        sent_at: string | null
        next_at: string
      })
    | null
}

export type SortKey = 'name' | 'status' | 'lastSignIn' | 'created'

/** What `displayStatusOf` says of a row. */
const displayStatusIn = (u: string, account: string): RawBuilder<DisplayStatus> => sql`
  case
    when ${sql.ref(`${u}.status`)} in ('invited', 'signed_up') then 'notActivated'
    when ${sql.ref(`${u}.status`)} = 'active' and ${sql.ref(`${u}.id`)} in (${selectDisabledUsers(account)}) then 'disabled'
    else ${sql.ref(`${u}.status`)}
  end`

/** The sort key of a row as text, so that one comparison serves every order. */
const SORT_KEYS: Record<SortKey, (alias: string, account: string) => RawBuilder<string>> = {
  name: (u) => sql`${sql.ref(`${u}.search_text`)}`,
  status: (u, account) =>
    sql`case ${displayStatusIn(u, account)}
      when 'active' then '1'
      when 'suspended' then '3'
      when 'disabled' then '4'
      when 'removed' then '5'
      else '2'
    end || ${sql.ref(`${u}.search_text`)}`,
  lastSignIn: (u) =>
    sql`coalesce(to_char(${sql.ref(`${u}.last_sign_in_at`)} at time zone 'UTC', 'YYYYMMDDHH24MISSUS'), '')`,
  created: (u) => sql`to_char(${sql.ref(`${u}.created_at`)} at time zone 'UTC', 'YYYYMMDDHH24MISSUS')`,
}

export interface PortalUserFilter {
  search?: string | undefined
  customer?: string | undefined
}

const matchesFilter = (account: string, { search, customer }: PortalUserFilter) => {
  const matchesSearch = search ? sql`and u.search_text like all (${foldedPatterns(search)})` : sql``
  const isLinkedTo = customer
    ? sql`and exists (
        select 1 from portal_links k
        where k.account_id = ${account} and k.portal_user_id = u.id and k.customer_id = ${customer})`
    : sql``
  return sql`u.account_id = ${account} and u.partner_id is null ${matchesSearch} ${isLinkedTo}`
}

interface ListOptions extends PortalUserFilter {
  displayStatus: DisplayStatus | undefined
  sort: SortKey
  descending: boolean
  /** Id of the user that the page begins after in this direction. */
  after: string | undefined
  limit: number
}

/** One page of users, with their customers and their newest activation mail. */
export async function listUsers(db: Read, account: string, options: ListOptions): Promise<PortalUserRow[]> {
  const { displayStatus, sort, descending, after, limit, ...filter } = options
  const direction = descending ? sql`desc` : sql`asc`
  const beyond = descending ? sql`<` : sql`>`
  const sortKey = (alias: string) => SORT_KEYS[sort](alias, account)
  const hasStatus = displayStatus
    ? sql`and ${displayStatusIn('u', account)} = ${displayStatus}`
    : sql`and u.status <> 'removed'`
  const isAfterCursor = after
    ? sql`and (${sortKey('u')}, u.id) ${beyond} (
        select ${sortKey('a')}, a.id from portal_users a where a.account_id = ${account} and a.id = ${after})`
    : sql``
  const { rows } = await sql<PortalUserRow>`
    select u.id, u.email, u.name, u.status, u.created_at, u.last_sign_in_at,
      ${displayStatusIn('u', account)} as display_status,
      (u.permissions is not null or u.templates_mode <> 'default' or coalesce(l.own, false)) as customized,
      coalesce(l.customers, 0) as customers, l.names, m.mail
    from portal_users u
    left join lateral (
      select
        count(*)::int as customers,
        (array_agg(c.name order by l.created_at, l.id))[1:2] as names,
        bool_or(l.permissions is not null) as own
      from portal_links l
      join customers c on c.account_id = ${account} and c.id = l.customer_id
      where l.account_id = ${account} and l.portal_user_id = u.id
    ) l on true
    left join lateral (${newestInvitationMail(account, sql`u.id`)}) m on true
    where ${matchesFilter(account, filter)} ${hasStatus} ${isAfterCursor}
    order by ${sortKey('u')} ${direction}, u.id ${direction}
    limit ${limit}`.execute(db as Write)
  return rows
}

/** How many matching users there are of each status that the list shows. */
export async function countUsers(
  db: Read,
  account: string,
  filter: PortalUserFilter,
): Promise<Map<DisplayStatus, number>> {
  const { rows } = await sql<{ status: DisplayStatus; count: number }>`
    select ${displayStatusIn('u', account)} as status, count(*)::int as count
    from portal_users u
    where ${matchesFilter(account, filter)}
    group by 1`.execute(db as Write)
  return new Map(rows.map(({ status, count }) => [status, count]))
}

const newestInvitationMail = (account: string, user: RawBuilder<unknown>) => sql`
  select jsonb_build_object(
    'id', o.id,
    'status', o.status,
    'attempts', o.attempts,
    'created_at', o.created_at,
    'sent_at', o.sent_at,
    'next_at', o.next_at,
    'last_result', o.last_result
  ) as mail
  from outbox o
  where o.account_id = ${account}
    and o.subject_kind = 'portalUser'
    and o.subject_id = ${user}
    and o.link_kind = 'invitation'
  order by o.created_at desc, o.id desc
  limit 1`

export async function findInvitationMail(db: Read, account: string, user: string): Promise<PortalUserRow['mail']> {
  const { rows } = await sql<{ mail: PortalUserRow['mail'] }>`${newestInvitationMail(account, sql`${user}`)}`.execute(
    db as Write,
  )
  return rows[0]?.mail ?? null
}
