/** What several operations of the OpenAPI document have in common is a component, so that it stands there once. */
import { keep, type Json } from './schemas.ts'

interface Part {
  value: Json
  /** Of its component, when it becomes one: the first of these that is free. */
  names: string[]
  replace(reference: Json): void
}

/** References among them are longer than what they replace. */
const SHORTEST = 60

/** Query parameters, bodies and answers that stand in several operations, moved to `components` in place. */
export function shareRepeatedParts(paths: Record<string, Json>, components: Record<string, Json>): void {
  const operations = Object.values(paths).flatMap((path) =>
    Object.entries(path).flatMap(([key, value]) => (key === 'parameters' ? [] : [value as Json])),
  )
  share('parameters', operations.flatMap(parametersOf), components)
  share('requestBodies', operations.flatMap(bodyOf), components)
  share('responses', operations.flatMap(responsesOf), components)
}

function share(kind: string, parts: readonly Part[], components: Record<string, Json>): void {
  const alike = Map.groupBy(
    parts.filter(({ value }) => value.$ref === undefined),
    ({ value }) => JSON.stringify(value),
  )
  for (const [text, group] of alike) {
    if (group.length === 1 || text.length < SHORTEST) continue
    const { names, value } = group[0]!
    const taken = components[kind]!
    const name = names.find((each) => !(each in taken)) ?? names.at(-1)!
    keep(taken, name, value)
    for (const part of group) part.replace({ $ref: `#/components/${kind}/${name}` })
  }
}

/** A filter may be called like a part of the path, or like another list's. */
const parametersOf = ({ operationId, parameters = [] }: { operationId?: unknown; parameters?: Json[] }): Part[] =>
  parameters.map((value, at) => ({
    value,
    names: [String(value.name), `${String(value.name)}Filter`, `${String(operationId)}${capital(String(value.name))}`],
    replace: (reference) => (parameters[at] = reference),
  }))

/** Named after the first operation that has it. */
const bodyOf = (operation: Json): Part[] =>
  operation.requestBody === undefined
    ? []
    : [
        {
          value: operation.requestBody as Json,
          names: [`${capital(String(operation.operationId))}Body`],
          replace: (reference) => (operation.requestBody = reference),
        },
      ]

const responsesOf = ({ operationId, responses }: Json): Part[] =>
  Object.entries(responses as Record<string, Json>).map(([status, value]) => ({
    value,
    names: [`${capital(String(operationId))}Response`],
    replace: (reference) => ((responses as Json)[status] = reference),
  }))

export const capital = (word: string): string => word[0]!.toUpperCase() + word.slice(1)
