/** Forms of a record that someone else changed after the form was opened: the entries stay, and saving again replaces. */
import { t } from './i18n.ts'
import type { FormAnswer, FormProblem } from './forms.ts'

const CONFLICTS = new Set([
  'accountChanged',
  'customerChanged',
  'editConflict',
  'jobChanged',
  'profileChanged',
  'templateChanged',
])

export const isConflict = (problem: FormProblem | null | undefined): boolean =>
  problem !== null && problem !== undefined && CONFLICTS.has(problem.code)

/**
 * The version that a form sends: the one it was opened with, also after a refusal. After a conflict the current one,
 * because the page has said what else was saved.
 */
export const versionToSend = (form: FormAnswer, current: number | undefined): number | string | string[] | undefined =>
  isConflict(form?.problem) ? current : (form?.values?.version ?? current)

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
