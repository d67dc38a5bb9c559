import { t } from './i18n.ts'

/** What someone else has saved, as a text, where it is not what was entered here. */
export function savedInstead(
  saved: unknown,
  entered: unknown,
  type: string,
  options: readonly { value: string; label: string }[],
): string | undefined {
  if (type === 'password' || type === 'file') return undefined
  if (type === 'checkbox') return Boolean(saved) === (entered === '1') ? undefined : t(saved ? 'ui.yes' : 'ui.no')
  const linesOf = (value: unknown) => [value ?? ''].flat().map((each) => String(each).replaceAll('\r', ''))
  if (linesOf(saved).join('\n') === linesOf(entered).join('\n')) return undefined
  const labels = linesOf(saved).map((one) => options.find(({ value }) => value === one)?.label ?? one)
  return labels.filter(Boolean).join(', ') || '–'
}
