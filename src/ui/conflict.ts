/** Forms of a record that someone else changed after the form was opened: the entries stay, and saving again replaces. */
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
