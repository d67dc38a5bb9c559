import { sql, type Kysely, type SelectQueryBuilder } from 'kysely'
import type { DB } from '../../../db/schema.gen.ts'
import type { OutboxRow, Sender } from '../../platform/delivery/outbox.ts'
import { foldedPatterns } from '../../platform/fold.ts'
import type { Read, Write } from '../../platform/operation.ts'
import { pageOf, readPlace } from '../../platform/paging.ts'
import { problem } from '../../platform/problem.ts'
import type { UrlsOf } from '../../platform/urls.ts'
import type { AccountContext } from '../identity/rules.ts'
import type { MessageStatus } from './rules.ts'

/** The number of failed messages, at most 100. */
export async function countFailedMessages(db: Read, account: string): Promise<number> {
  const {
    rows: [row],
  } = await sql<{ failed: number }>`
    select count(*)::int as failed
    from (
      select 1
      from outbox
      where account_id = ${account} and status = 'failed'
      limit 100
    ) few`.execute(db as Write)
  return row!.failed
}

export interface StoredMessage extends OutboxRow {
  next_at: Date
  sent_at: Date | null
  last_result: string | null
}

const COLUMNS = [
  'account_id',
  'id',
  'kind',
  'to_address',
  'to_name',
  'subject_kind',
  'subject_id',
  'locale',
  'payload',
  'secret',
  'link_kind',
  'status',
  'attempts',
  'message_id',
  'created_at',
  'next_at',
  'sent_at',
  'last_result',
] as const

const storedStatuses = (status: MessageStatus): string[] => (status === 'waiting' ? ['waiting', 'sending'] : [status])

/** A page, newest first. */
export async function findMessages(
  db: Read,
  account: string,
  {
    status,
    search,
    cursor,
    limit,
  }: {
    status?: MessageStatus | undefined
    search?: string | undefined
    cursor?: string | undefined
    limit: number
  },
): Promise<MessagePage> {
  let query = db.selectFrom('outbox').select(COLUMNS).where('account_id', '=', account)
  if (status) query = query.where('status', 'in', storedStatuses(status))
  for (const pattern of foldedPatterns(search ?? '')) {
    query = query.where((by) => by(sql`fold_search_text(to_address || ' ' || coalesce(to_name, ''))`, 'like', pattern))
  }
  return readPage(query, cursor, limit)
}

export interface MessagePage {
  rows: StoredMessage[]
  next: string | null
  previous: string | null
}

async function readPage(
  query: SelectQueryBuilder<DB, 'outbox', object>,
  cursor: string | undefined,
  limit: number,
): Promise<MessagePage> {
  const place = readPlace(cursor)
  const [direction, beyond] = place.backward ? (['asc', sql`>`] as const) : (['desc', sql`<`] as const)
  const read = await query
    .$if(place.cursor !== undefined, (rows) => {
      const [at, id] = parseCursor(place.cursor!)
      return rows.where(sql<boolean>`(created_at, id) ${beyond} (${at}, ${id}::uuid)`)
    })
    .orderBy('created_at', direction)
    .orderBy('id', direction)
    .limit(limit + 1)
    .execute()
  return pageOf(read as StoredMessage[], limit, place, (row) => `${row.created_at.getTime()}_${row.id}`)
}

/** The last millisecond of the year 9999. */
const LAST_MOMENT = Date.UTC(10_000, 0) - 1

function parseCursor(cursor: string): [Date, string] {
  const [, at, id] = /^(\d{1,15})_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(cursor) ?? []
  // The database refuses dates that Node writes with more than four digits for the year.
  if (!id || Number(at) > LAST_MOMENT) throw problem('input', { fields: { cursor: 'format' } })
  return [new Date(Number(at)), id]
}

/** The newest 5,000 messages by status, so that the count does not read the whole outbox. */
export async function countMessages(db: Read, account: string): Promise<Record<MessageStatus, number>> {
  const { rows } = await sql<{ status: MessageStatus; count: number }>`
    select case status when 'sending' then 'waiting' else status end as status, count(*)::int as count
    from (
      select status
      from outbox
      where account_id = ${account}
      order by created_at desc, id desc
      limit 5000
    ) newest
    group by 1`.execute(db as Write)
  return {
    waiting: 0,
    sent: 0,
    failed: 0,
    canceled: 0,
    ...Object.fromEntries(rows.map((row) => [row.status, row.count])),
  }
}

export const findMessage = async (db: Read, account: string, id: string): Promise<StoredMessage | undefined> =>
  (await db
    .selectFrom('outbox')
    .select(COLUMNS)
    .where('account_id', '=', account)
    .where('id', '=', id)
    .executeTakeFirst()) as StoredMessage | undefined

export const listDeliveries = (db: Read, account: string, message: string) =>
  db
    .selectFrom('deliveries')
    .select(['attempt', 'at', 'outcome', 'detail'])
    .where('account_id', '=', account)
    .where('outbox_id', '=', message)
    .orderBy('at')
    .orderBy('id')
    .execute()

/** Makes a message due at once, before all others. False when it is sent, canceled or without its link by now. */
export async function requeueMessage(db: Write, account: string, message: string, at: Date): Promise<boolean> {
  const {
    rows: [row],
  } = await sql<{ isDue: boolean }>`select resend_message(${account}, ${message}, ${at}) as "isDue"`.execute(db)
  return row!.isDue
}

// ---- the demo's mailbox: reads across accounts as portico_system, opened only by the reviewed call in app.ts ----

export async function findMailboxMessages(
  db: Kysely<DB>,
  { search, cursor, limit }: { search?: string | undefined; cursor?: string | undefined; limit: number },
): Promise<MessagePage> {
  let query = db.selectFrom('outbox').select(COLUMNS)
  for (const pattern of foldedPatterns(search ?? '')) {
    query = query.where((by) =>
      by(sql`fold_search_text(to_address || ' ' || coalesce(to_name, '') || ' ' || kind)`, 'like', pattern),
    )
  }
  return readPage(query, cursor, limit)
}

export const findMailboxMessage = async (db: Kysely<DB>, id: string): Promise<StoredMessage | undefined> =>
  (await db.selectFrom('outbox').select(COLUMNS).where('id', '=', id).executeTakeFirst()) as StoredMessage | undefined

/** The account as its mails show it. */
export async function findSender(
  db: Kysely<DB>,
  account: string,
  urls: UrlsOf,
  repliesByEmail: boolean,
): Promise<Sender | null> {
  const {
    rows: [row],
  } = await sql<{ loaded: AccountContext | null }>`select load_account(${account}) as loaded`.execute(db)
  const loaded = row?.loaded
  if (!loaded) return null
  const { portal, main } = urls(loaded)
  return {
    id: loaded.id,
    slug: loaded.slug,
    name: loaded.portal.name,
    accent: loaded.accent,
    logoUrl: loaded.logoKey ? main(`/api/v1/portal/${loaded.slug}/logo`) : null,
    address: loaded.postalAddress,
    phone: loaded.supportPhone,
    supportEmail: loaded.supportEmail,
    timeZone: loaded.timeZone,
    locale: loaded.locale,
    repliesByEmail,
    portalUrl: portal,
    mainUrl: main,
    officeUrl: (path) => main(`/office/${loaded.slug}${path}`),
  }
}
