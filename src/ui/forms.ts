/**
 * Forms on the server: reads values and returns them with the errors of a refusal. Entered values are kept, except
 * passwords and files, which are never sent back.
 */
import { fail } from '@sveltejs/kit'
import type { ActionFailure } from '@sveltejs/kit'
import { isConflict } from './conflict.ts'
import type { Vars } from './i18n-server.ts'

type FieldError = string | { code: string; vars?: Vars; text?: string }

/** A refusal as thrown by an operation; recognized by `isProblem`, since this bundle has its own copy of every class. */
export type Refusal = {
  isProblem: true
  status: number
  code: string
  title?: string
  detail?: string
  vars?: Vars
  fields?: Record<string, FieldError>
}

/** What a form shows, in the reader's language, with one text per field. */
export type FormProblem = {
  code: string
  title: string
  detail?: string
  fields: Record<string, string>
  warnings?: string[]
  /** After a conflict: fields that nobody changed here. They show what is saved now. */
  untouched?: string[]
}
export type Values = Record<string, string | string[]>
export type FormFailure = { problem: FormProblem; values: Values; form: string }
/** What a page's form action returned, if one ran. */
export type FormAnswer = Partial<FormFailure> | null | undefined

export const isProblem = (error: unknown): error is Refusal =>
  typeof error === 'object' && error !== null && (error as { isProblem?: unknown }).isProblem === true

/** The entered values, converted for the operation's input. */
export type Typed = {
  /** Trimmed text; undefined when empty or absent, so that an optional field is absent. */
  text(name: string): string | undefined
  /** Trimmed text, '' when empty: for fields whose emptiness is an answer. */
  string(name: string): string
  /** Exactly as typed: passwords. */
  raw(name: string): string
  /** A number; undefined when empty, NaN when it is not a number, which the operation's schema refuses. */
  number(name: string): number | undefined
  /** Whether the form has such a field. */
  has(name: string): boolean
  /** Whether a checkbox is checked. */
  ticked(name: string): boolean
  /** Every value of that name, without empty ones. */
  all(name: string): string[]
  /** Files chosen under that name. */
  files(name: string): File[]
  /** Fields named `prefix.<key>` as a record: `fields.<id>`. Several values become a list. */
  record(prefix: string): Record<string, string | string[]>
  /** What may be sent back into the form. */
  values: Values
  /** Fields that nobody changed, where a script could tell. */
  untouched?: string[]
}

/** Whether a field's value is never sent back to the browser. Answers to a template's fields are no secrets. */
export const isSecretField = (name: string): boolean =>
  !name.startsWith('fields.') && /^current$|password|repeat|token|secret/i.test(name)

/** Reads a form. Passwords and tokens are never sent back. */
export async function readForm(request: Request): Promise<Typed> {
  // By name: a form of many fields would take long to be searched for each of them.
  const typed = Map.groupBy(await request.formData(), ([name]) => name)
  const valuesOf = (name: string) => (typed.get(name) ?? []).map(([, value]) => value)
  const text = (name: string) => {
    const [value] = valuesOf(name)
    return typeof value === 'string' ? value : ''
  }
  // Without a prototype: a form may send a field called `constructor`.
  const values = Object.create(null) as Values
  for (const name of typed.keys()) {
    if (isSecretField(name)) continue
    const all = valuesOf(name).filter((value) => typeof value === 'string')
    if (all.length > 0) values[name] = all.length === 1 ? all[0]! : all
  }
  const untouched = typed.has('untouched') ? text('untouched').split(' ') : undefined
  delete values.untouched
  const clean = (name: string) => text(name).trim()
  const all = (name: string) =>
    valuesOf(name).flatMap((value) => (typeof value === 'string' && value.trim() !== '' ? [value.trim()] : []))
  return {
    text: (name) => clean(name) || undefined,
    string: clean,
    raw: text,
    number: (name) => (clean(name) === '' ? undefined : Number(clean(name).replace(',', '.'))),
    has: (name) => typed.has(name),
    ticked: (name) => typed.has(name) && !['', '0', 'false', 'off'].includes(text(name)),
    all,
    // Browsers send a file without a name when none is chosen. A chosen empty file is refused, not skipped.
    files: (name) =>
      valuesOf(name).filter((value): value is File => value instanceof File && (value.name !== '' || value.size > 0)),
    record: (prefix) => {
      const found = Object.create(null) as Record<string, string | string[]>
      for (const name of typed.keys()) {
        if (!name.startsWith(`${prefix}.`)) continue
        const several = all(name)
        found[name.slice(prefix.length + 1)] = valuesOf(name).length > 1 ? several : (several[0] ?? '')
      }
      return found
    },
    values,
    ...(untouched !== undefined && { untouched }),
  }
}

type Outcome<T> = { failure: ActionFailure<FormFailure>; output?: undefined } | { failure?: undefined; output: T }

/**
 * Runs one call of an operation for a form. A refusal comes back as `failure`, to be returned from the action:
 * `const { failure, output } = await attempt(locals, typed, () => locals.api.createJob(input)); if (failure) return failure`.
 * Redirects and internal errors are rethrown. `form` identifies one of several forms of a page.
 */
export async function attempt<T>(
  locals: App.Locals,
  typed: Pick<Typed, 'values' | 'untouched'>,
  call: () => Promise<T>,
  form = 'form',
): Promise<Outcome<T>> {
  try {
    return { output: await call() }
  } catch (refusal) {
    if (!isProblem(refusal)) throw refusal
    const problem = wordsOf(refusal, locals.t)
    const { values, untouched = [] } = typed
    if (!isConflict(problem)) return { failure: fail(refusal.status, { problem, values, form }) }
    const entered = Object.fromEntries(Object.entries(values).filter(([name]) => !untouched.includes(name)))
    return { failure: fail(refusal.status, { problem: { ...problem, untouched }, values: entered, form }) }
  }
}

/** Adds fields that the page knows to be missing to a refused form, so that everything is said at once. */
export function addMissing(failure: ActionFailure<FormFailure>, names: string[], { t }: App.Locals): void {
  const { code, fields } = failure.data.problem
  if (code === 'input') for (const name of names) fields[name] ??= t(`problems.byField.required.${name}`)
}

/**
 * Runs a call that sets a password, which was entered twice as `password` and `repeat`. Two that differ are refused, along
 * with everything else that is wrong.
 */
export async function attemptPassword<T>(
  locals: App.Locals,
  typed: Typed,
  call: (password: string) => Promise<T>,
  form = 'form',
): Promise<Outcome<T>> {
  const password = typed.raw('password')
  if (password !== '' && password === typed.raw('repeat')) return attempt(locals, typed, () => call(password), form)
  // Every operation refuses an empty password: it changes nothing and tells what else is wrong.
  const { failure } = await attempt(locals, typed, () => call(''), form)
  if (!failure) throw new Error('An operation took an empty password')
  const { problem } = failure.data
  if (problem.code !== 'input') return { failure }
  if (password !== '') delete problem.fields.password
  problem.fields.repeat = locals.t(typed.raw('repeat') ? 'ui.passwordMismatch' : 'problems.byField.required.repeat')
  return { failure }
}

function wordsOf(refusal: Refusal, t: App.Locals['t']): FormProblem {
  const fields = Object.entries(refusal.fields ?? {}).map(([name, fault]) => [name, faultText(fault, t)])
  return {
    code: refusal.code,
    title: refusal.title ?? t(`problems.${refusal.code}`, refusal.vars),
    ...(refusal.detail ? { detail: refusal.detail } : {}),
    fields: Object.fromEntries(fields) as Record<string, string>,
  }
}

function faultText(fault: FieldError, t: App.Locals['t']): string {
  if (typeof fault === 'string') return /\s/.test(fault) ? fault : t(`problems.fields.${fault}`)
  return fault.text ?? t(`problems.fields.${fault.code}`, fault.vars)
}
