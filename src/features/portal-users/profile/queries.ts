import { sql } from 'kysely'
import { fold } from '../../../platform/fold.ts'
import type { Write } from '../../../platform/operation.ts'

export interface ProfileAnswers {
  name: string | null
  phone: string | null
  company: string | null
  postal_address: string | null
}

/** Writes the answers if nobody changed the user since `seen`; answers whether it did. */
export async function setProfile(
  db: Write,
  account: string,
  user: { id: string; email: string },
  answers: ProfileAnswers,
  { seen, now }: { seen: number; now: Date },
): Promise<boolean> {
  const set = await db
    .updateTable('portal_users')
    .set({ ...answers, search_text: fold(answers.name, user.email), version: sql`version + 1`, updated_at: now })
    .where('account_id', '=', account)
    .where('id', '=', user.id)
    .where('version', '=', seen)
    .executeTakeFirst()
  return Number(set.numUpdatedRows) === 1
}
