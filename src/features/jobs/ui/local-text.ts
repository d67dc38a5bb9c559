import { formatDate } from '../../../ui/when.ts'

/** What a form's local date and time holds for a moment: `2026-11-26T10:31`. */
export const localText = (iso: string, timeZone: string): string =>
  formatDate(new Date(iso), 'sv-SE', timeZone, { dateStyle: 'short', timeStyle: 'short' }).replace(' ', 'T')
