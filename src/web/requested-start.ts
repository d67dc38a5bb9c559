/** The requested start of a job's form, for portal and office. */
import type { Typed } from '../ui/forms.ts'

/** Null when both inputs are empty. A day alone is enough; a time alone is refused at the day. */
export function requestedStartOf(typed: Typed): { day: string; time?: string } | null {
  const day = typed.string('requested.day')
  const time = typed.text('requested.time')
  return day || time ? { day, ...(time && { time }) } : null
}
