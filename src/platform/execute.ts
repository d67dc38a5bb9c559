/**
 * The life of a request without a socket: caller → account → actor → audience → limits → input → prepare → one
 * transaction → handler → output by schema → commit. The HTTP route and the pages' `locals.api` are its two
 * adapters, and neither adds a rule.
 */
import { createHash } from 'node:crypto'
import fastJson, { type Schema } from 'fast-json-stringify'
import type pg from 'pg'
import { z } from 'zod'
import type { Clock } from './clock.ts'
import type { FileStore } from './files.ts'
import { claimKey, keepAnswer } from './idempotency.ts'
import { newId } from './ids.ts'
import { parse, type Parts } from './input.ts'
import {
  queryTogether,
  asOutage,
  inTransaction,
  isOutage,
  finalStatement,
  nameOf,
  type Settings,
  type Transaction,
  type TransactionOptions,
} from './database/transaction.ts'
import {
  hasEffect,
  type Account,
  type AnyActor,
  type PrefetchingHandler,
  type AuditEntry,
  type Context,
  type Definition,
  type Effect,
  type Implemented,
  type Message,
  type PreparedHandler,
  type ReachAddition,
  type Urls,
  type Write,
} from './operation.ts'
import { GENERIC_PROBLEMS, isProblem, problem } from './problem.ts'

export type Surface = 'portal' | 'office' | 'people' | 'platform'

/** One incoming request, as far as operations are concerned. Its calls share the look-up of the actor. */
export interface Caller {
  /** Slug of the account that is addressed, by whose view it is; none where no account is. */
  addresses: { portal?: string | undefined; office?: string | undefined }
  /** Session tokens as they came, by cookie: hashed by the doorkeeper, never logged. */
  portalTokens: Record<string, string>
  personToken: string | null
  clientAddress: string
  userAgent: string
  requestId: string
  acceptLanguage: string | undefined
  idempotencyKey?: string | undefined
  resolved?: Map<Surface, Promise<ResolvedCaller>>
}

/** What the doorkeeper found out about a caller. */
export interface ResolvedCaller {
  account: (Account & { id: string }) | null
  actor: AnyActor
  locale: string
  /** The account's present address, when the caller used one it gave up. */
  moved?: string
  /** The session's last sign of life wants writing, which a transaction that only reads cannot do. */
  stale?: boolean
}

export type RunQuery = <T>(sql: string, values: unknown[]) => Promise<T[]>

/** What a house is made of; app.ts puts it together. */
export interface ServerContext {
  pool: pg.Pool
  clock: Clock
  operations: readonly Implemented[]
  /** One query: account, session, actor with everything its reach needs. */
  identify(
    surface: Surface,
    caller: Caller,
    query: RunQuery,
    now: Date,
    runPrefetched?: boolean,
  ): Promise<ResolvedCaller>
  /** Reach as settings of the transaction. */
  contextSettings(actor: AnyActor, account: Account | null, added: readonly ReachAddition[]): Settings
  emit(db: Write, messages: readonly Message[], about: { account: Account; now: Date }): Promise<void>
  /** Called once what was emitted is committed. Returns at once and never throws. */
  emitted(): void
  audit(
    db: Write,
    entry: AuditEntry,
    about: { account: Account; actor: AnyActor; now: Date; requestId: string; clientAddress: string },
  ): Promise<void>
  files: FileStore
  urlsOf(account: Account | null): Urls
  /** Test and development: undeclared problems and handlers that ask no policy are faults. */
  strict: boolean
  reportError(error: unknown, where: { operation: string; requestId: string }): void
}

export interface Answer {
  /** The answer as JSON text, made by the operation's output schema: what it lacks does not leave. */
  json: string
  status: number
  effect?: Effect
  /** Whose portal a session belongs to: its cookie is named after it. */
  account?: string
}

export interface Execute {
  (operation: Implemented, parts: Parts, caller: Caller): Promise<Answer>
}

/** One call on its way. */
interface Invocation extends Implemented {
  now: Date
  parts: Parts
  caller: Caller
  later: (() => Promise<void> | void)[]
  emitted: boolean
  /** Its limits are counted in its transaction, and so not when that is rolled back. */ countedInTransaction: boolean
}

/** What was prepared or asked before the handler; nothing may have been found. */
interface Prepared {
  found: unknown
}

const output = new WeakMap<Definition, (value: unknown) => string>()

/** Schemas as JSON Schema, moments as date-time strings. Shared with the OpenAPI document. */
export const jsonSchema = (
  schema: z.ZodType,
  io: 'input' | 'output',
  target: 'draft-7' | 'draft-2020-12' = 'draft-7',
) =>
  z.toJSONSchema(schema, {
    target,
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema: json }) => {
      if (zodSchema._zod.def.type === 'date') Object.assign(json, { type: 'string', format: 'date-time' })
    },
  }) as Record<string, unknown>

function serializer(definition: Definition): (value: unknown) => string {
  let made = output.get(definition)
  if (!made) {
    // Moments inside unions are turned to text first: the compiled serializer matches unions by JSON type.
    const compiled = fastJson(jsonSchema(definition.output, 'output') as unknown as Schema)
    made = (value) => compiled(value)
    output.set(definition, made)
  }
  return made
}

export const surfaceOf = (path: string): Surface => path.split('/')[1] as Surface

export function createExecute(server: ServerContext): Execute {
  const query: RunQuery = async <T>(sql: string, values: unknown[]) => {
    try {
      const found = await server.pool.query({ name: nameOf(sql), text: sql, values })
      return found.rows as T[]
    } catch (error) {
      throw isOutage(error) ? asOutage(error) : error
    }
  }

  return async function execute(operation, parts, caller) {
    const { name, definition, handler } = operation
    const now = server.clock.now()
    const surface = surfaceOf(definition.path)
    const plain = typeof handler === 'function' || 'prefetch' in handler
    const invocation: Invocation = {
      ...operation,
      now,
      parts,
      caller,
      later: [],
      emitted: false,
      countedInTransaction: false,
    }
    const write = definition.writes === true
    let answer: Answer
    try {
      if (
        surface === 'portal' &&
        plain &&
        countsInsideTransaction(definition, handler) &&
        !caller.idempotencyKey &&
        !caller.resolved?.has(surface)
      ) {
        answer = await inTransaction(server.pool, { write, settings: null }, (transaction) =>
          runPrefetched(invocation, transaction),
        )
      } else {
        const resolved = await resolveCaller(surface, caller, now)
        const { account, actor } = authorizeAudience(definition, surface, resolved)
        const input = parse(definition, parts)
        const limits = limitsOf(name, definition, input, { account, actor, caller, now })
        let ready: Prepared | undefined
        if (!plain) {
          const { prepare, countsLimitsFirst } = handler as PreparedHandler<Definition, unknown>
          // Counted before any slow work; otherwise it travels with the transaction.
          let counted = !limits
          const count = async <T>(text: string, values: unknown[]) => {
            if (counted) return query<T>(text, values)
            counted = true
            const [turn, found] = await queryTogether(server.pool, [limits!, { text, values }])
            limits!.check(turn!)
            return found as T[]
          }
          if (limits && !countsLimitsFirst) {
            limits.check(await query(limits.text, limits.values))
            counted = true
          }
          ready = {
            found: await prepare(input as never, {
              account: account as Account,
              actor,
              now,
              query: count,
              clientAddress: caller.clientAddress,
              files: server.files,
            }),
          }
          if (!counted) throw new Error(`${name} prepared without asking first, as it says it does`)
        }
        answer = await inTransaction(
          server.pool,
          { write, settings: server.contextSettings(actor, account, []), ...(limits && plain && { before: limits }) },
          (transaction) => run(invocation, transaction, resolved, input, ready),
        )
      }
    } catch (error) {
      if (invocation.countedInTransaction && isProblem(error) && error.status < 500 && error.code !== 'tooMany')
        await countRefusedAttempt(invocation)
      throw toDeclaredProblem(error, name, definition, caller)
    }
    if (write) caller.resolved?.clear()
    if (invocation.emitted) server.emitted()
    for (const work of invocation.later) {
      // The deed is done and said: what fails here is logged, not answered.
      await Promise.resolve()
        .then(work)
        .catch((error: unknown) => server.reportError(error, { operation: name, requestId: caller.requestId }))
    }
    return answer
  }

  /** The caller is looked up inside the transaction and sets its context; what can be asked without knowing them travels along. */
  async function runPrefetched(invocation: Invocation, transaction: Transaction): Promise<Answer> {
    const { definition, handler, parts, caller, now } = invocation
    const found = server.identify('portal', caller, transaction.query, now, true)
    caller.resolved ??= new Map()
    caller.resolved.set('portal', found)
    let input: Record<string, unknown> | undefined, fault: unknown
    try {
      input = parse(definition, parts)
    } catch (error) {
      fault = error
    }
    const turns = (definition.limits ?? []).map((limit) =>
      transaction.query<{ wait: number }>('select consume_caller_limit($1, $2, $3, $4) as wait', [
        invocation.name,
        limit.max,
        limit.seconds,
        now,
      ]),
    )
    invocation.countedInTransaction = turns.length > 0
    const asked =
      input && typeof handler !== 'function'
        ? (handler as PrefetchingHandler<Definition, unknown>).prefetch(transaction.db, input as never)
        : undefined
    for (const each of [...turns, asked]) each?.catch(() => {})
    const resolved = await found
    // Who may not come in at all is told so first, whatever was asked.
    authorizeAudience(definition, 'portal', resolved)
    if (!input) throw fault
    for (const turn of turns) refuseOverLimit(await turn)
    if (resolved.stale)
      invocation.later.push(async () => {
        await server.identify('portal', caller, query, now)
      })
    return run(invocation, transaction, resolved, input, { found: await asked })
  }

  /** A refused try counts like any other; what was counted with it went away with its transaction. */
  async function countRefusedAttempt({ name, definition, caller, now }: Invocation): Promise<void> {
    const { account, actor } = await caller.resolved!.get('portal')!
    if (!('id' in actor)) return
    const { text, values } = limitsOf(name, definition, {}, { account, actor, caller, now })!
    await query(text, values)
  }

  /** @throws problem when this kind of caller has no business here */
  function authorizeAudience(
    definition: Definition,
    surface: Surface,
    { account, actor, moved }: ResolvedCaller,
  ): Pick<ResolvedCaller, 'account' | 'actor'> {
    if (moved) throw problem('moved', { vars: { slug: moved } })
    if ((surface === 'portal' || surface === 'office') && !account) throw problem('notFound')
    if (!definition.audience.includes(actor.kind as never)) {
      // Nobody signed in: say so. The wrong kind of person: this place does not exist for them.
      throw problem(
        actor.kind === 'anonymous' || (actor.kind === 'person' && surface === 'office' && !account)
          ? 'notSignedIn'
          : 'notFound',
      )
    }
    return { account, actor }
  }

  /** The handler with its context, in an open transaction; `ready` is what was prepared or asked before, if it was. */
  async function run(
    invocation: Invocation,
    transaction: Transaction,
    { account, actor, locale }: ResolvedCaller,
    input: Record<string, unknown>,
    ready: Prepared | undefined,
  ): Promise<Answer> {
    const { name, definition, handler, now, caller, parts, later } = invocation
    const key =
      definition.creates && account && caller.idempotencyKey
        ? await claimKey(transaction, {
            key: caller.idempotencyKey,
            name,
            account: account.id,
            actor,
            now,
            body: parts,
          })
        : undefined
    if (key && 'replay' in key) return key.replay

    let allowed = false
    const added: ReachAddition[] = []
    const db = transaction.db
    let at = account
    const ctx = {
      actor,
      account,
      db,
      now,
      locale,
      requestId: caller.requestId,
      clientAddress: caller.clientAddress,
      userAgent: caller.userAgent,
      newId,
      files: server.files,
      urls: server.urlsOf(account),
      allow(decision) {
        allowed = true
        if (!decision.yes) throw problem(decision.code, decision.vars && { vars: decision.vars })
      },
      emit: async (message: Message) => {
        invocation.emitted = true
        await server.emit(db, [message], { account: at as Account, now })
      },
      // The answer is kept under its key in this transaction too: then it is not over yet.
      emitAll: (messages: readonly Message[]) => {
        invocation.emitted ||= messages.length > 0
        return server.emit(key || !allowed || messages.length === 0 ? db : finalStatement(db), messages, {
          account: at as Account,
          now,
        })
      },
      audit: (entry: AuditEntry) =>
        server.audit(db, entry, {
          account: at as Account,
          actor,
          now,
          requestId: caller.requestId,
          clientAddress: caller.clientAddress,
        }),
      async enter(id: string) {
        if (account) throw new Error(`${name} has its account already`)
        at = { id } as Account & { id: string }
        await transaction.begin(server.contextSettings(actor, at, []))
      },
      async reachAlso(addition: ReachAddition) {
        added.push(addition)
        await transaction.begin(server.contextSettings(actor, account, added))
      },
      afterCommit: (work: () => Promise<void> | void) => {
        later.push(work)
      },
    } as Context
    const result =
      typeof handler === 'function'
        ? await handler(ctx as never, input as never)
        : 'prefetch' in handler
          ? await handler.respond(
              ctx as never,
              input as never,
              ready ? ready.found : await handler.prefetch(db, input as never),
            )
          : await (handler as PreparedHandler<Definition, unknown>).handle(ctx as never, input as never, ready?.found)
    if (!allowed) throw new Error(`${name} answered without asking its policy (ctx.allow)`)
    const effect = hasEffect(result) ? result.effect : undefined
    const made: Answer = {
      json: serializer(definition)(hasEffect(result) ? result.output : result),
      status: definition.status ?? (definition.creates ? 201 : 200),
      ...(effect && { effect, ...(account && { account: account.id }) }),
    }
    if (key) await keepAnswer(transaction, key.row, made)
    return made
  }

  function resolveCaller(surface: Surface, caller: Caller, now: Date): Promise<ResolvedCaller> {
    caller.resolved ??= new Map()
    let found = caller.resolved.get(surface)
    if (!found) caller.resolved.set(surface, (found = server.identify(surface, caller, query, now)))
    return found
  }

  /** A refusal goes out as it is when its contract names it; everything else is ours. */
  function toDeclaredProblem(error: unknown, name: string, definition: Definition, caller: Caller): unknown {
    if (!isProblem(error)) return error
    const declared = error.code in GENERIC_PROBLEMS || definition.problems?.includes(error.code)
    if (!declared) {
      const fault = new Error(`${name} refused with ${error.code}, which its contract does not declare`)
      if (server.strict) return fault
      server.reportError(fault, { operation: name, requestId: caller.requestId })
    }
    return error
  }

  function limitsOf(
    name: string,
    definition: Definition,
    input: Record<string, unknown>,
    {
      account,
      actor,
      caller,
      now,
    }: { account: (Account & { id: string }) | null; actor: AnyActor; caller: Caller; now: Date },
  ): NonNullable<TransactionOptions['before']> | undefined {
    if (!definition.limits?.length) return undefined
    const buckets = definition.limits.map((limit) => {
      // The bucket of consume_caller_limit.
      if (limit.by === 'caller' && 'id' in actor)
        return { key: `${name}:caller:${account?.id ?? ''}:${String(actor.id)}`, ...limit }
      const who =
        limit.by === 'login'
          ? String(input.email ?? '')
              .trim()
              .toLowerCase()
          : limit.by === 'address'
            ? addressBlock(caller.clientAddress)
            : caller.clientAddress
      return { key: limitKey(name, account?.id ?? null, limit.by, who), ...limit }
    })
    return {
      name: 'consume_rate_limits',
      text: 'select consume_rate_limits($1, $2, $3, $4) as wait',
      values: [
        buckets.map((bucket) => bucket.key),
        buckets.map((bucket) => bucket.max),
        buckets.map((bucket) => bucket.seconds),
        now,
      ],
      check: refuseOverLimit,
    }
  }
}

/** @throws problem tooMany when a throttle says to wait */
function refuseOverLimit(rows: unknown[]): void {
  const { wait } = rows[0] as { wait: number }
  if (wait > 0) throw problem('tooMany', { retryAfter: wait, vars: { minutes: Math.ceil(wait / 60) } })
}

/** Whether its limits, if any, can be counted by the context alone; counting the tries of a form that was refused would need its own transaction. */
const countsInsideTransaction = ({ limits = [] }: Definition, handler: object): boolean =>
  limits.every((limit) => limit.by === 'caller') && (limits.length === 0 || 'prefetch' in handler)

/** Name of a throttle bucket; hashed, so that the table holds no addresses. */
export const limitKey = (operation: string, account: string | null, by: string, who: string) =>
  `${operation}:${by}:${createHash('sha256')
    .update(`${account ?? ''}\n${who}`)
    .digest('base64url')}`

/** One household has one IPv4 address, but a whole /64 of IPv6. */
const addressBlock = (address: string) =>
  address.includes(':') && !address.includes('.') ? address.split(':').slice(0, 4).join(':') : address
