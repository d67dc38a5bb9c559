/** What goes out: results by the output schema of their contract. What the schema does not name does not leave. */
import fastJson, { type Schema } from 'fast-json-stringify'
import { z } from 'zod'
import type { Effect } from './effects.ts'
import { hasEffect, type Definition } from './operation.ts'

export interface OperationResponse {
  /** The output as JSON text. */
  json: string
  status: number
  effect?: Effect
  /** Whose portal a session belongs to: its cookie is named after it. */
  account?: string
}

/**
 * An output schema as JSON Schema, moments as date-time strings. Names and descriptions are for the API document: without
 * the registry that holds them, every schema is inlined, and the compiled serializer needs no references.
 */
export const jsonSchema = (schema: z.ZodType) =>
  z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'output',
    metadata: z.registry(),
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema: json }) => {
      if (zodSchema._zod.def.type === 'date') Object.assign(json, { type: 'string', format: 'date-time' })
    },
  }) as Record<string, unknown>

type Serializer = (value: unknown) => string

/** Compiled with the first response of an operation. */
const serializers = new WeakMap<Definition, Serializer>()

function serializerOf(definition: Definition): Serializer {
  let serializer = serializers.get(definition)
  if (!serializer) {
    serializer = fastJson(jsonSchema(definition.output) as unknown as Schema) as Serializer
    serializers.set(definition, serializer)
  }
  return serializer
}

/** The response to what a handler returned. */
export function createResponse(
  definition: Definition,
  result: unknown,
  account: { id: string } | null,
): OperationResponse {
  const serialize = serializerOf(definition)
  const status = definition.status ?? (definition.creates ? 201 : 200)
  if (!hasEffect(result)) return { json: serialize(result), status }
  const { output, effect } = result
  return { json: serialize(output), status, effect, ...(account && { account: account.id }) }
}
