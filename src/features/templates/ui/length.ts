import { t } from '../../../ui/i18n.ts'

/** "45 min", "2 h", "1 h 30 min"; '' without a duration. */
export function formatDuration(minutes: number | null): string {
  if (minutes === null) return ''
  const hours = Math.floor(minutes / 60)
  const rest = minutes % 60
  if (hours === 0) return t('templates.list.minutes', { count: rest })
  return rest === 0 ? t('templates.list.hours', { hours }) : t('templates.list.hoursMinutes', { hours, minutes: rest })
}
