/** Zod schemas as components of the OpenAPI document. */
import { z } from 'zod'

export type Json = Record<string, unknown>

/** Keeps a component under its name. @throws when the name has another meaning already */
export function keep(kind: Json, name: string, value: unknown): void {
  if (name in kind && JSON.stringify(kind[name]) !== JSON.stringify(value))
    throw new Error(`Two different components are called ${name}`)
  kind[name] = value
}

/** A Zod schema as JSON Schema; what has an id becomes a component. */
export function describeSchema(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  const { $defs = {}, ...described } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' })
      // Answers may grow.
      if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
    },
  }) as Json & { $defs?: Record<string, Json> }
  const { id, ...root } = described as Json & { id?: string }
  const named = Object.entries(id ? { ...$defs, [id]: root } : $defs)
  const names = new Map(named.map(([name, schema]) => [name, nameOf(name, schema)]))
  for (const [name, schema] of named) keep(schemas, names.get(name)!, tidy(schema, names))
  return id ? reference(names.get(id)!) : tidy(root, names)
}

/** Records in a request are closed and records in an answer are not, so that one of each needs two names. */
const nameOf = (name: string, { additionalProperties }: Json): string =>
  additionalProperties === false && !name.endsWith('Input') ? `${name}Input` : name

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` })

/** Refers to components instead of definitions, and drops what says nothing to a reader. */
function tidy(schema: Json, names: Map<string, string>): Json {
  const { $schema: _schema, id: _id, ...rest } = schema
  return JSON.parse(JSON.stringify(rest), (key, value: unknown) => {
    if (key === '$ref') return reference(names.get(String(value).replace('#/$defs/', ''))!).$ref
    return withoutNoise(value)
  }) as Json
}

/** Drops the bounds that Zod writes for every whole number, patterns beside formats, and the pattern of every text. */
function withoutNoise(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const { minimum, maximum, pattern, ...rest } = withoutEmptyParts(withNullAsType(value as Json))
  const saysMore = pattern !== undefined && !rest.format && !String(pattern).startsWith(NO_CONTROL_CHARACTERS)
  return {
    ...rest,
    ...(minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER && { minimum }),
    ...(maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER && { maximum }),
    ...(saysMore && { pattern }),
  }
}

/** Every text refuses control characters; the introduction says so once. */
const NO_CONTROL_CHARACTERS = '^[^\\u0000'

/** "This type or null" as a list of types, which is shorter than two schemas. */
function withNullAsType(schema: Json): Json {
  const [main, none, ...others] = (schema.anyOf ?? []) as Json[]
  if (others.length > 0 || none?.type !== 'null' || typeof main?.type !== 'string') return schema
  const { anyOf: _anyOf, ...rest } = schema
  return {
    ...main,
    ...rest,
    type: [main.type, 'null'],
    ...(Array.isArray(main.enum) && { enum: [...(main.enum as unknown[]), null] }),
  }
}

/** A schema with several patterns has them in `allOf`; of one that is left, the parts are joined. */
function withoutEmptyParts(schema: Json): Json {
  if (!Array.isArray(schema.allOf)) return schema
  const { allOf, ...rest } = schema
  const parts = (allOf as Json[]).filter((part) => Object.keys(part).length > 0)
  return parts.length > 1 ? { ...rest, allOf: parts } : { ...rest, ...parts[0] }
}

export const withBases = (schemas: Json): Json =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, withBase(schema as Json, schemas)]))

/** What a record adds to the one it `extends`; both are components. */
function withBase({ extends: base, ...record }: Json, schemas: Json): Json {
  if (typeof base !== 'string') return record
  const { properties: baseProperties } = schemas[base] as ObjectSchema
  const { type, description, properties, required } = record as unknown as ObjectSchema & Json
  const isNew = ([name, schema]: [string, unknown]) => JSON.stringify(baseProperties[name]) !== JSON.stringify(schema)
  const newProperties = Object.fromEntries(Object.entries(properties).filter(isNew))
  const added = { type, properties: newProperties, required: required.filter((name) => name in newProperties) }
  return { description, allOf: [reference(base), added] }
}

export interface ObjectSchema {
  properties: Json
  required: string[]
}
