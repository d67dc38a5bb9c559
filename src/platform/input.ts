/** What comes in: the three parts of a request against the schemas of its contract, every fault at once. */
import { z } from 'zod'
import type { Definition, Upload } from './operation.ts'
import { problem, type FieldError } from './problem.ts'

/** Raw input in its three parts, as HTTP brings them. */
export interface Parts {
  params: unknown
  query: unknown
  body: unknown
  file?: Upload
  /** Reads the body of an upload, once its caller is known. */
  receive?: () => Promise<{ body: unknown; file: Upload }>
}

/** More faults than a person reads. Each costs a text, and a body has room for 30,000. */
export const MOST_FAULTS = 100

/** Parses the three parts and reports every fault at once, by path, up to MOST_FAULTS. Unknown keys are refused. */
export function parse(definition: Definition, parts: Parts): Record<string, unknown> {
  // Without a prototype: an unknown key called `toString` must be found to be new.
  const fields = Object.create(null) as Record<string, FieldError>
  const merged: Record<string, unknown> = {}
  for (const part of ['params', 'query', 'body'] as const) {
    const schema = definition[part] ?? z.strictObject({})
    const result = schema.safeParse(parts[part] ?? {}, { reportInput: true })
    if (result.success) {
      Object.assign(merged, result.data)
      for (const path of halfCharacters(result.data)) fields[path] ??= { code: 'control' }
    } else if (part === 'params') throw problem('notFound')
    else for (const issue of result.error.issues.slice(0, MOST_FAULTS)) collect(issue, fields)
  }
  if (Object.keys(fields).length > 0) throw problem('input', { fields })
  if (definition.upload) merged.file = parts.file
  return merged
}

/** Paths of texts with half a character (a lone surrogate), which JSON can say and no database can keep as it is. */
function halfCharacters(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value === 'string') return value.isWellFormed() ? [] : [path.join('.')]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, part]) =>
    key.isWellFormed() ? halfCharacters(part, [...path, key]) : [[...path, key.toWellFormed()].join('.')],
  )
}

function collect(issue: z.core.$ZodIssue, fields: Record<string, FieldError>): void {
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys.slice(0, MOST_FAULTS)) fields[[...issue.path, key].join('.')] ??= { code: 'unknown' }
    return
  }
  fields[issue.path.join('.')] ??= fieldProblem(issue)
}

/** What is wrong, as a code with words. A schema may bring its own code as its message (`z.string().min(1, 'required')`). */
function fieldProblem(issue: z.core.$ZodIssue): FieldError {
  // An empty text is a missing one, whatever its form should be.
  if (issue.input === '') return { code: 'required' }
  const own = /^[a-z][A-Za-z]+$/.test(issue.message) ? issue.message : undefined
  switch (issue.code) {
    case 'too_small':
      return {
        code:
          own ??
          (issue.origin === 'string' && issue.minimum === 1
            ? 'required'
            : issue.origin === 'number'
              ? 'tooSmall'
              : 'tooShort'),
        vars: { min: Number(issue.minimum) },
      }
    case 'too_big':
      return { code: own ?? (issue.origin === 'number' ? 'tooBig' : 'tooLong'), vars: { max: Number(issue.maximum) } }
    case 'invalid_type':
      return { code: own ?? (issue.input === undefined ? 'required' : Number.isNaN(issue.input) ? 'number' : 'type') }
    case 'invalid_format':
      return { code: own ?? (issue.format === 'email' ? 'email' : 'format') }
    case 'invalid_value':
      return { code: own ?? (issue.input === undefined ? 'required' : 'choice') }
    default:
      return { code: own ?? 'invalid' }
  }
}

/** Splits flat input (pages call with one object) into the parts its contract knows. What no part knows is refused. */
export function split(definition: Definition, flat: Record<string, unknown> = {}): Parts {
  const parts = {
    params: Object.create(null) as Record<string, unknown>,
    query: Object.create(null) as Record<string, unknown>,
    body: Object.create(null) as Record<string, unknown>,
  }
  const { file, ...rest } = flat
  for (const [key, value] of Object.entries(definition.upload ? rest : flat)) {
    if (value === undefined) continue
    const part =
      (['params', 'query', 'body'] as const).find(
        (each) => definition[each] && Object.hasOwn(definition[each].shape, key),
      ) ?? 'body'
    parts[part][key] = value
  }
  return { ...parts, ...(definition.upload && { file: file as Upload }) }
}
