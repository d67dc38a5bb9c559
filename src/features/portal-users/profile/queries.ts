import { fold } from '../../../platform/fold.ts'
import type { Write } from '../../../platform/operation.ts'
import { changeOwnLogin } from '../activation/queries.ts'

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
  const login = await changeOwnLogin(db, account, user.id, {
    statuses: ['active'],
    expected: { version: expected },
    change: { ...answers, search_text: fold(answers.name, user.email) },
    now,
  })
  return login !== undefined
}
