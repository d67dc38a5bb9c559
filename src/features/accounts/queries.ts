import type { RunQuery } from '../../platform/caller.ts'
import type { Read, Write } from '../../platform/operation.ts'

export interface SettingsRow {
  name: string
  time_zone: string
  locale: string
  currency: string
  accent: string
  logo_key: string | null
  logo_type: string | null
  support_email: string | null
  support_phone: string | null
  postal_address: string | null
  working_days: number[]
  work_starts: string
  work_ends: string
  version: number
}

const COLUMNS = [
  'name',
  'time_zone',
  'locale',
  'currency',
  'accent',
  'logo_key',
  'logo_type',
  'support_email',
  'support_phone',
  'postal_address',
  'working_days',
  'work_starts',
  'work_ends',
  'version',
] as const

export const getSettings = (db: Read, account: string): Promise<SettingsRow> =>
  db.selectFrom('account_settings').select(COLUMNS).where('account_id', '=', account).executeTakeFirstOrThrow()

export interface SettingsInput {
  name: string
  timeZone: string
  locale: string
  currency: string
  accent: string
  supportEmail: string | null
  supportPhone: string | null
  postalAddress: string | null
  /** Undefined leaves them. */
  workingHours?: { days: number[]; from: string; to: string } | undefined
}

/** Undefined when the settings have been changed since the version `seen`. */
export const updateSettings = (
  db: Write,
  account: string,
  seen: number,
  at: Date,
  input: SettingsInput,
): Promise<SettingsRow | undefined> =>
  db
    .updateTable('account_settings')
    .set((set) => ({
      name: input.name,
      time_zone: input.timeZone,
      locale: input.locale,
      currency: input.currency,
      accent: input.accent,
      support_email: input.supportEmail,
      support_phone: input.supportPhone,
      postal_address: input.postalAddress,
      ...(input.workingHours && {
        working_days: input.workingHours.days,
        work_starts: input.workingHours.from,
        work_ends: input.workingHours.to,
      }),
      updated_at: at,
      version: set('version', '+', 1),
    }))
    .where('account_id', '=', account)
    .where('version', '=', seen)
    .returning(COLUMNS)
    .executeTakeFirst()

/** Sets or removes the logo and returns the key of the previous one. */
export async function replaceLogo(
  db: Write,
  account: string,
  logo: { key: string; type: string } | null,
  at: Date,
): Promise<string | null> {
  const before = await db
    .selectFrom('account_settings')
    .select('logo_key')
    .where('account_id', '=', account)
    .forUpdate()
    .executeTakeFirstOrThrow()
  await db
    .updateTable('account_settings')
    .set((set) => ({
      logo_key: logo?.key ?? null,
      logo_type: logo?.type ?? null,
      updated_at: at,
      version: set('version', '+', 1),
    }))
    .where('account_id', '=', account)
    .execute()
  return before.logo_key
}

/** The slug of the account whose portal has this host of its own; null for any other host. */
export async function findSlugOfHost(query: RunQuery, host: string, now: Date): Promise<string | null> {
  const rows = await query<{ slug: string | null }>(
    "select load_account((find_account_slug($1, $2) ->> 'account')::uuid) ->> 'slug' as slug",
    [host, now],
  )
  return rows[0]?.slug ?? null
}
