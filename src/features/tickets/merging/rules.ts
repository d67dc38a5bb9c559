/** What a ticket gets when another one is merged into it. Pure. */
import { peopleOf, type TicketPeople } from '../rules.ts'

/** Who takes part afterwards: everybody who saw one of the two. */
export const mergedParticipants = (target: TicketPeople, source: TicketPeople): string[] => [
  ...new Set([...peopleOf(target), ...peopleOf(source)].filter((contact) => contact !== target.contact_id)),
]

/** What the other ticket was about, as a comment. */
export const firstComment = ({ subject, description }: { subject: string; description: string }): string =>
  [subject, description].filter(Boolean).join('\n\n')
