/** Changes of the list of canned replies, which is saved as a whole. */
import { attempt, readForm } from '../../../../../../ui/forms.ts'
import type { CannedReply } from '../../../../../../features/tickets/settings/rules.ts'

type Draft = Omit<CannedReply, 'id'> & { id?: string }
type Typed = Awaited<ReturnType<typeof readForm>>

/** What was entered for one reply. */
export const enteredReply = (typed: Typed) => ({ name: typed.string('name'), text: typed.string('text') })

/** Saves the list that `change` makes of the current one. Faults of the reply at `index` are shown at its fields. */
export async function saveReplies(
  locals: App.Locals,
  typed: Typed,
  change: (replies: readonly CannedReply[]) => { replies: Draft[]; index: number },
) {
  const { cannedReplies } = await locals.api.getTicketSettings()
  const { replies, index } = change(cannedReplies)
  const { failure } = await attempt(locals, typed, () =>
    locals.api.updateTicketSettings({ version: typed.number('version') ?? 0, cannedReplies: replies }),
  )
  if (!failure) return undefined
  const { problem } = failure.data
  const prefix = `cannedReplies.${index}.`
  problem.fields = Object.fromEntries(
    Object.entries(problem.fields).map(([path, text]) => [path.replace(prefix, ''), text]),
  )
  return failure
}
