import type { FormProblem } from './forms.ts'

/** The id of a field's control, so that the errors above a form can link to it. */
export const fieldId = (form: string, name: string): string => `${form}-${fieldOf(name).replaceAll(/[^\w-]/g, '-')}`

/** What is wrong with a field, or with one of its lines or choices. */
export function fieldError(problem: FormProblem | undefined, name: string): string | undefined {
  const errors = Object.entries(problem?.fields ?? {})
  return problem?.fields[name] ?? errors.find(([path]) => fieldOf(path) === name)?.[1]
}

/** The field that a path is of: `domains` of `domains.2`, `requested` of its `requested.day` and `requested.time`. */
const fieldOf = (path: string): string => path.replace(/(?<!^fields)\.(?:\d+|day|time)$/, '')
