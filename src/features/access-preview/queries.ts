import { sql } from 'kysely'
import type { Read, Write } from '../../platform/operation.ts'
import { portalActorOf, type CallerRow } from '../identity/queries.ts'
import { isCustomerKind, type AccountContext, type CustomerActor } from '../identity/rules.ts'
import { visitorFacts } from '../secure-links/queries.ts'
import { isLinkEnough, type LinkFacts, type LinkScope } from '../secure-links/rules.ts'
import { MAX_COMPARED, type Principal } from './rules.ts'

/** The last ids that are compared; null for all there are. */
export interface Bounds {
  user: string | null
  link: string | null
}

interface Found {
  principals: Principal[]
  /** The last id, if there are more. */
  bound: string | null
}

/** With a bound, those up to it: a change that adds or removes somebody must not move the others in or out. */
const within = (bound: string | null | undefined, column: string) =>
  bound ? sql`and ${sql.ref(column)} <= ${bound}` : sql``
const limited = (bound: string | null | undefined) => (bound === undefined ? sql`limit ${MAX_COMPARED + 1}` : sql``)

function boundedBy<Row extends { id: string }>(rows: Row[], bound: string | null | undefined) {
  if (bound !== undefined || rows.length <= MAX_COMPARED) return { rows, bound: bound ?? null }
  const first = rows.slice(0, MAX_COMPARED)
  return { rows: first, bound: first.at(-1)!.id }
}

const actorOf = (row: Parameters<typeof portalActorOf>[0], account: AccountContext): CustomerActor | null => {
  const actor = portalActorOf(row, account)
  return isCustomerKind(actor.kind) ? (actor as CustomerActor) : null
}

/**
 * Portal users who can sign in, or could as soon as they activate: with the facts that `resolve_portal_caller` finds for a
 * session of theirs.
 */
export async function findUsers(db: Read, account: AccountContext, bound?: string | null): Promise<Found> {
  const { rows } = await sql<NonNullable<CallerRow['portalUser']>>`
    select u.id, u.email, u.name, u.phone, u.locale, u.id as "sessionId", u.permissions,
      u.templates_mode as "templatesMode", u.templates, coalesce(l.links, '[]') as links,
      coalesce(l.archived, false) as "hasArchivedCustomer"
    from portal_users u
    left join lateral (
      select
        json_agg(json_build_object(
          'id', l.id, 'customer', l.customer_id, 'scope', l.scope, 'contact', l.contact_id, 'permissions', l.permissions,
          'group', json_build_object('id', g.id, 'kind', g.kind, 'name', g.name, 'permissions', g.permissions))
          order by l.created_at) filter (where c.status = 'active') as links,
        bool_or(c.status <> 'active') as archived,
        bool_and(g.kind = 'none') as disabled
      from portal_links l
      join customers c on c.account_id = ${account.id} and c.id = l.customer_id
      join permission_groups g
        on g.account_id = ${account.id} and g.id = group_of_link(l.account_id, l.group_id, l.scope)
      where l.account_id = ${account.id} and l.portal_user_id = u.id) l on true
    where u.account_id = ${account.id} and u.status in ('invited', 'signed_up', 'active')
      and not coalesce(l.disabled, false) ${within(bound, 'u.id')}
    order by u.id ${limited(bound)}`.execute(db as Write)
  const found = boundedBy(rows, bound)
  const principals = found.rows.map((row) => ({
    kind: 'portalUser' as const,
    id: row.id,
    name: row.name ?? row.email,
    actor: actorOf({ portalUser: row }, account),
  }))
  return { principals, bound: found.bound }
}

interface LinkRow extends Omit<LinkFacts, 'portalEnabled'> {
  id: string
  scope: LinkScope
  visitor: NonNullable<CallerRow['visitor']>
}

/** Secure links that have not ended. Whether one alone opens the portal is decided as for whoever presses its button. */
export async function findLinks(db: Read, account: AccountContext, now: Date, bound?: string | null): Promise<Found> {
  const { visitor, links } = visitorFacts(account.id, now)
  const { rows } = await sql<LinkRow>`
    select k.id, c.status <> 'active' as "isArchived", coalesce(c.lock_mode, p.lock_mode) as "lockMode",
      c.link_held as "isHeld", p.count_unclaimed as "countUnclaimed",
      k.scope, p.record_links_alone as "recordLinksAlone",
      coalesce((
        select json_agg(json_build_object('isActivated', u.activated_at is not null))
        from portal_links l
        join portal_users u on u.account_id = ${account.id} and u.id = l.portal_user_id
        where l.account_id = ${account.id} and l.customer_id = c.id and u.status <> 'removed'), '[]') as users,
      ${visitor} as visitor
    from ${links}
      ${within(bound, 'k.id')}
    order by k.id ${limited(bound)}`.execute(db as Write)
  const found = boundedBy(rows, bound)
  const principals = found.rows.map((row) => ({
    kind: 'secureLink' as const,
    id: row.id,
    name: row.visitor.name,
    actor: isLinkEnough({ ...row, portalEnabled: account.portal.enabled }, row.scope)
      ? actorOf({ visitor: row.visitor }, account)
      : null,
  }))
  return { principals, bound: found.bound }
}

/** Names of customers, by id. */
export async function findCustomerNames(
  db: Read,
  account: string,
  customers: readonly string[],
): Promise<Map<string, string>> {
  if (customers.length === 0) return new Map()
  const rows = await db
    .selectFrom('customers')
    .select(['id', 'name'])
    .where('account_id', '=', account)
    .where('id', 'in', [...new Set(customers)])
    .execute()
  return new Map(rows.map(({ id, name }) => [id, name]))
}
