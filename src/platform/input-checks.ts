/**
 * Everything wrong with an input at once. A contract refuses what has the wrong form, before a handler compares the rest
 * with stored records. Of operations that `checksInput`, the handler's checks of that rest run too, and are rolled back.
 */
import { z } from 'zod'
import { surfaceOf, type ResolvedCaller, type RunQuery } from './caller.ts'
import { inTransaction } from './database/transaction.ts'
import { createHandlerContext } from './handler-context.ts'
import { MOST_FAULTS, parse, type Parts } from './input.ts'
import { callHandler, isPrepared, type Invocation } from './invocation.ts'
import { limitStatement } from './limits.ts'
import type { Definition } from './operation.ts'
import { createPrepareTools } from './prepare-tools.ts'
import { isProblem, problem, type FieldError } from './problem.ts'
import type { ServerContext } from './server-context.ts'

type Fields = Record<string, FieldError>

/** Parses the input and remembers, for `withHandlerFaults`, whether its contract refused it. */
export function parseInput(invocation: Invocation, parts: Parts): Record<string, unknown> {
  invocation.refusedBy = 'contract'
  const input = parse(invocation.definition, parts)
  invocation.refusedBy = undefined
  return input
}

/** The refusal to answer with: a refusal of the input by contract or preparation gets what later checks find wrong. */
export async function withHandlerFaults(
  server: ServerContext,
  invocation: Invocation,
  query: RunQuery,
  refusal: unknown,
): Promise<unknown> {
  const { definition, parts, caller, refusedBy } = invocation
  const hasMoreChecks = refusedBy !== undefined && definition.checksInput === true
  if (!hasMoreChecks || !isProblem(refusal) || refusal.code !== 'input') return refusal
  // No form has fields that its operation does not know, so nobody reads a longer list of faults.
  if (Object.values(refusal.fields!).some((fault) => typeof fault === 'object' && fault.code === 'unknown'))
    return refusal
  const resolved = await caller.resolved!.get(surfaceOf(definition.path))!
  const input = readableInput(definition, parts)
  const wasCounted = invocation.countedInTransaction || refusedBy === 'prepare'
  const limits = wasCounted ? undefined : limitStatement(invocation, resolved, input)
  try {
    // To be refused counts toward the limits.
    if (limits) limits.check(await query(limits.text, limits.values))
  } catch (tooMany) {
    return tooMany
  }
  const known = Object.entries(refusal.fields!)
  const found = await handlerFaults(server, invocation, resolved, input, query)
  const added = Object.entries(found).filter(
    ([path]) => !known.some(([other]) => isWithin(path, other) || isWithin(other, path)),
  )
  const fields = Object.fromEntries([...known, ...added].slice(0, MOST_FAULTS))
  return added.length > 0 ? problem('input', { fields }) : refusal
}

const isWithin = (path: string, parent: string): boolean => path === parent || path.startsWith(`${parent}.`)

/** What preparation and handler find wrong. Neither expects a part that is missing, so other outcomes say nothing. */
async function handlerFaults(
  server: ServerContext,
  invocation: Invocation,
  resolved: ResolvedCaller,
  input: Record<string, unknown>,
  query: RunQuery,
): Promise<Fields> {
  const { definition, handler, refusedBy } = invocation
  const fields: Fields = {}
  const collect = (outcome: unknown) => {
    if (isProblem(outcome) && outcome.code === 'input') Object.assign(fields, outcome.fields)
  }
  if (isPrepared(handler) && refusedBy === 'contract') {
    const tools = createPrepareTools(server, invocation, resolved, query)
    await handler.prepare(input as never, tools).catch(collect)
  }
  const trial: Invocation = { ...invocation, failureBuckets: [], afterCommit: [] }
  const options = {
    write: definition.writes === true,
    settings: server.contextSettings(resolved.actor, resolved.account, []),
    rollsBack: true,
  }
  await inTransaction(server.pool, options, (transaction) =>
    callHandler(handler, createHandlerContext(server, trial, transaction, resolved), transaction, input, undefined),
  ).catch(collect)
  return fields
}

/**
 * The input without what its contract refuses: of a record and an object only the refused properties are missing, a
 * refused text is empty, all else is undefined.
 */
function readableInput(definition: Definition, parts: Invocation['parts']): Record<string, unknown> {
  const input: Record<string, unknown> = {}
  for (const part of ['params', 'query', 'body'] as const) {
    const given = (parts[part] ?? {}) as Record<string, unknown>
    for (const [key, schema] of Object.entries(definition[part]?.shape ?? {}))
      input[key] = readable(schema as z.ZodType, given[key])
  }
  return input
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** A copy of an object in which the refused properties are missing, or are what `instead` says. */
const without = (whole: object, refused: readonly PropertyKey[], instead?: string): object => {
  const rest = Object.entries(whole).filter(([key]) => !refused.includes(key))
  return Object.fromEntries(instead === undefined ? rest : [...rest, ...refused.map((key) => [key, instead] as const)])
}

function readable(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const paths = result.error.issues.map((issue) => issue.path)
  if (Array.isArray(value) && paths.every(([index, key]) => isObject(value[index as number]) && key !== undefined)) {
    const refusedIn = (item: number) => paths.filter(([index]) => index === item).map(([, key]) => key!)
    return value.map((item: object, index) => without(item, refusedIn(index), ''))
  }
  if (isObject(value)) {
    const rest = schema.safeParse(
      without(
        value,
        paths.map(([key]) => key!),
      ),
    )
    if (rest.success) return rest.data
  }
  const whenLeftOut = schema.safeParse(undefined)
  if (whenLeftOut.success) return whenLeftOut.data
  return schema instanceof z.ZodString ? '' : undefined
}
