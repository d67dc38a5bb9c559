/** What became of a change to several portal users: the ids of those who stayed as they were, by the reason in words. */
export interface BulkReport {
  changed: number
  refused: { reason: string; users: string[] }[]
}

/** The report as parameters of a page's outcome, which a cookie holds: each reason once, then the ids. */
export const writeBulkOutcome = ({ changed, refused }: BulkReport) => ({
  done: 'bulk',
  changed: String(changed),
  refused: refused.map(({ reason, users }) => `${reason}|${users.join(' ')}`).join('\n'),
})

/** Null: the page says something else. */
export function readBulkOutcome(outcome: Record<string, string> | null): BulkReport | null {
  if (outcome?.done !== 'bulk') return null
  const lines = (outcome.refused ?? '').split('\n').filter(Boolean)
  return {
    changed: Number(outcome.changed),
    refused: lines.map((line) => {
      const [reason = '', users = ''] = line.split('|')
      return { reason, users: users.split(' ') }
    }),
  }
}
