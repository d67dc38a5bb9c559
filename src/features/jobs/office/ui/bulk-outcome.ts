/** What became of a change to several jobs: the numbers of those that refused by the reason in words. */
export interface BulkReport {
  changed: number
  refused: { reason: string; numbers: (number | null)[] }[]
}

/** The report as parameters of a page's outcome, which a cookie holds: each reason once, then the numbers. */
export const writeBulkOutcome = ({ changed, refused }: BulkReport) => ({
  done: 'bulk',
  changed: String(changed),
  refused: refused
    .map(({ reason, numbers }) => `${reason}|${numbers.map((number) => number ?? '').join(' ')}`)
    .join('\n'),
})

/** Null: the page says something else. */
export function readBulkOutcome(outcome: Record<string, string> | null): BulkReport | null {
  if (outcome?.done !== 'bulk') return null
  const refused = (outcome.refused ?? '').split('\n').filter(Boolean)
  return {
    changed: Number(outcome.changed),
    refused: refused.map((line) => {
      const [reason, numbers] = line.split('|') as [string, string?]
      return { reason, numbers: (numbers ?? '').split(' ').map((number) => (number === '' ? null : Number(number))) }
    }),
  }
}
