import { t } from './i18n.ts'

/** "45 min", "1 h 30 min", "10 days"; '' without a duration. */
export function formatDuration(minutes: number | null): string {
  if (minutes === null) return ''
  const parts = {
    days: Math.floor(minutes / 1_440),
    hours: Math.floor((minutes % 1_440) / 60),
    minutes: minutes % 60,
  }
  return (['days', 'hours', 'minutes'] as const)
    .filter((unit) => parts[unit] > 0)
    .map((unit) => t(`ui.duration.${unit}`, { count: parts[unit] }))
    .join(' ')
}
