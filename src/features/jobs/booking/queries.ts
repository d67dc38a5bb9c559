/** Reads everything that a booking depends on, in one batch. */
import { statement } from '../../../platform/database/statements.ts'
import type { Write } from '../../../platform/operation.ts'
import type { CustomerLink } from '../../identity/rules.ts'
import type { CustomerEmail, EmailChoices } from '../../notifications/rules.ts'
import type { FileRecord } from '../../records/files/queries.ts'
import { lockOwnUploads } from '../../records/files/uploads/queries.ts'
import { listSites, type TemplateOf } from '../form/queries.ts'

/** The portal user who books. */
export interface Booker {
  id: string
  email: string
  email_norm: string
  name: string | null
  phone: string | null
  company: string | null
  postal_address: string | null
  email_choices: EmailChoices<CustomerEmail>
}

interface BookingStart {
  /** Null when the user was removed (E-11). */
  booker: Booker | null
  /** As they are now. */
  links: CustomerLink[]
  /** Staff who get a mail about a booking. */
  dispatchers: { id: string; email: string; name: string | null }[]
}

interface StoredBookingData {
  /** What this form has booked before. */
  earlierJobs: { id: string; number: number }[]
  /** Active job types, in the account's order. */
  active: string[]
  template: TemplateOf | null
  /** The requested site, when it is within reach. */
  sites: { id: string; customer_id: string; address: string; latitude: number | null; longitude: number | null }[]
}

// The batch is sent with the look-up of the caller, so account and user come from the transaction's own settings.
const ACCOUNT = "(select nullif(current_setting('app.account', true), '')::uuid)"
const USER = "(select nullif(current_setting('app.actor_id', true), '')::uuid)"

/** Locks the portal user and their links. The app role may not, so a definer function does. */
const beginBooking = statement<{ begun: BookingStart }>('select begin_booking() as begun')

/** `$1` form key, `$2` template, `$3` site. */
const selectBookingData = statement<StoredBookingData>(`
  select
    (select coalesce(json_agg(json_build_object('id', j.id, 'number', j.number) order by j.number), '[]')
      from jobs j
      where j.account_id = ${ACCOUNT} and j.batch_id = $1 and j.created_by_id = ${USER}) as "earlierJobs",
    (select coalesce(json_agg(t.id order by t.position, t.id), '[]')
      from templates t where t.account_id = ${ACCOUNT} and t.status = 'active') as active,
    (select row_to_json(template) from (
      select t.id, t.name, t.description, t.icon, t.version, t.duration_minutes, t.status, v.fields
      from templates t
      join template_versions v on v.account_id = ${ACCOUNT} and v.template_id = t.id and v.version = t.version
      where t.account_id = ${ACCOUNT} and t.id = $2) template) as template,
    (select coalesce(json_agg(json_build_object(
        'id', s.id, 'customer_id', s.customer_id, 'address', s.address,
        'latitude', s.latitude, 'longitude', s.longitude)), '[]')
      from sites s where s.account_id = ${ACCOUNT} and s.id = $3 and s.status = 'active') as sites`)

/** `$1` how many, `$2` form key. A caller who is not signed in takes no number, and locks none for others. */
const reserveNumbers = statement<{ first: string }>(`
  select reserve_numbers(${ACCOUNT}, 'job', $1::int) as first
  where ${USER} is not null and not exists (
    select 1 from jobs j where j.account_id = ${ACCOUNT} and j.batch_id = $2 and j.created_by_id = ${USER})`)

export interface BookingData extends StoredBookingData, BookingStart {
  uploads: FileRecord[]
  /** The first of the reserved numbers, unless this form has booked before. */
  firstNumber: number
}

export interface BookingRequest {
  formKey: string | undefined
  template: string
  site: string | undefined
  files: readonly string[]
  quantity: number
}

/**
 * The portal user's row is locked until the booking ends, and the rest is read after that. So bookings of one user follow each
 * other: two at once create one customer (E-24), and one form sent twice books once. Links are locked against an unlinking at
 * the same moment (E-23). A refused booking returns its reserved numbers with the rollback and leaves no gap.
 */
export async function startBooking(
  db: Write,
  { formKey, template, site, files, quantity }: BookingRequest,
): Promise<BookingData> {
  const [[start], [stored], uploads, [reserved]] = await Promise.all([
    beginBooking(db),
    selectBookingData(db, formKey ?? null, template, site ?? null),
    lockOwnUploads(db, files),
    reserveNumbers(db, quantity, formKey ?? null),
  ])
  return { ...stored!, ...start!.begun, uploads, firstNumber: Number(reserved?.first) }
}

/** `$2` form key, `$3` portal user: the jobs that this form has booked. */
export const findEarlierJobs = statement<{ id: string; number: number }>(
  'select id, number from jobs where account_id = $1 and batch_id = $2 and created_by_id = $3 order by number',
)
const returnNumbers = statement("select return_numbers($1, 'job', $2)")

/**
 * Completes the data for a user whom another booking of theirs has linked since the caller was looked up: the first reading
 * could not see the new customer's jobs. Call after ctx.reachAlso with each of `newCustomers`. When the form has booked before,
 * the reserved numbers go back; the row of the counter is still locked.
 */
export async function refreshBookingData(
  db: Write,
  account: string,
  bookingData: BookingData,
  { newCustomers, user, request }: { newCustomers: readonly string[]; user: string; request: BookingRequest },
): Promise<void> {
  const rows = await db
    .selectFrom('customers')
    .select('id')
    .where('account_id', '=', account)
    .where('id', 'in', [...newCustomers])
    .where('status', '=', 'active')
    .execute()
  const active = new Set(rows.map((row) => row.id))
  // Links to an archived customer do not count.
  bookingData.links = bookingData.links.filter(
    (link) => !newCustomers.includes(link.customer) || active.has(link.customer),
  )
  if (active.size > 0) bookingData.sites = [...bookingData.sites, ...(await listSites(db, account, [...active]))]
  if (!request.formKey || bookingData.earlierJobs.length > 0) return
  bookingData.earlierJobs = await findEarlierJobs(db, account, request.formKey, user)
  if (bookingData.earlierJobs.length > 0) await returnNumbers(db, account, request.quantity)
}
