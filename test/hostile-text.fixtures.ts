/** Which expressions run on long texts while the server works, and requests with such texts for every input. */
import { z } from 'zod'
import type { Definition } from '../src/platform/operation.ts'

export interface RecordedExpressions {
  /** Expressions that ran on a text of at least `length` characters, by source and flags. */
  expressions: Map<string, RegExp>
  /** Characters that all of them looked at, each from where it began to where it ended. */
  characters: number
  stop(): void
}

/** Records all expressions of this process, ours and those of packages: `replace`, `split` and the like call `exec`. */
export function recordExpressions(length: number): RecordedExpressions {
  const original = RegExp.prototype.exec
  const record: RecordedExpressions = {
    expressions: new Map(),
    characters: 0,
    stop() {
      RegExp.prototype.exec = original
    },
  }
  RegExp.prototype.exec = function (this: RegExp, text: string) {
    const from = this.global || this.sticky ? this.lastIndex : 0
    const found = original.call(this, text)
    const subject = String(text)
    if (subject.length >= length) {
      record.expressions.set(`/${this.source}/${this.flags}`, this)
      record.characters += found ? found.index + found[0].length - from : this.sticky ? 1 : subject.length - from
    }
    return found
  }
  return record
}

export type Json = Record<string, unknown>

export interface StringField {
  part: 'query' | 'body'
  /** Keys from the part to the text; `0` is the first item of a list. */
  path: readonly (string | number)[]
  /** The most characters it may have; undefined when the contract sets no limit. */
  max: number | undefined
}

/** Every text that an operation takes, also inside lists and records. Ids, choices and dates of a fixed form are left out. */
export function stringFields({ query, body }: Definition): StringField[] {
  const fields = (part: 'query' | 'body', schema: z.ZodType | undefined): StringField[] =>
    schema
      ? texts(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Json).map(
          (field) => ({
            part,
            ...field,
          }),
        )
      : []
  return [...fields('query', query), ...fields('body', body)]
}

function texts(schema: Json, root = schema, path: (string | number)[] = []): Omit<StringField, 'part'>[] {
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.replace('#/$defs/', '')
    return texts((root.$defs as Record<string, Json>)[name]!, root, path)
  }
  const alternatives = (schema.anyOf ?? schema.oneOf ?? schema.allOf) as Json[] | undefined
  if (alternatives) return alternatives.flatMap((each) => texts(each, root, path))
  const isText = schema.type === 'string' && !schema.enum && schema.const === undefined
  if (isText) {
    const isFixed = ['uuid', 'date', 'date-time', 'time'].includes(String(schema.format))
    return isFixed ? [] : [{ path, max: schema.maxLength as number | undefined }]
  }
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Json>)
  const items = schema.items ? texts(schema.items as Json, root, [...path, 0]) : []
  const values = typeof schema.additionalProperties === 'object' && schema.additionalProperties
  return [
    ...properties.flatMap(([key, each]) => texts(each, root, [...path, key])),
    ...items,
    ...(values ? texts(values as Json, root, [...path, 'key']) : []),
  ]
}

/** A value of the given shape: `{ a: [text] }` for the path `a`, `0`. */
export function nested(path: readonly (string | number)[], text: string): unknown {
  const [key, ...rest] = path
  if (key === undefined) return text
  return typeof key === 'number' ? [nested(rest, text)] : { [key]: nested(rest, text) }
}
