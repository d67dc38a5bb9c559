import { sql } from 'kysely'
import { fold } from '../../../platform/fold.ts'
import type { Write } from '../../../platform/operation.ts'

export interface ProfileAnswers {
  name: string | null
  phone: string | null
  company: string | null
  postal_address: string | null
}

/** Stores the answers if the version is still `expected`; returns whether it did. */
export async function updateProfile(
  db: Write,
  account: string,
  user: { id: string; email: string },
  answers: ProfileAnswers,
  { expected, now }: { expected: number; now: Date },
): Promise<boolean> {
  const result = await db
    .updateTable('portal_users')
    .set({ ...answers, search_text: fold(answers.name, user.email), version: sql`version + 1`, updated_at: now })
    .where('account_id', '=', account)
    .where('id', '=', user.id)
    .where('version', '=', expected)
    .executeTakeFirst()
  return Number(result.numUpdatedRows) === 1
}
