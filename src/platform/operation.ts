/**
 * Contracts of operations. The key in a contract is the operation's one name: OpenAPI operationId, handler, `locals.api`
 * method, row of the access matrix, test heading. Nothing here does I/O.
 */
import { z } from 'zod'
import type { Kysely } from 'kysely'
import type { DB } from '../../db/schema.gen.ts'
import type { FileStore, ReceivedFile } from './files.ts'
import type { Effect } from './effects.ts'
import type { Decision, Problem } from './problem.ts'
import type { Rehearse } from './rehearsal.ts'
import type { Sealer } from './secrets.ts'

/** The app says who its callers are by augmenting this interface (src/operations.ts). */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- an open interface, filled by module augmentation
export interface Registered {}
export type AnyActor = Registered extends { actor: infer A extends { kind: string } } ? A : { kind: string }
export type Account = Registered extends { account: infer A } ? A : unknown
export type ReachAddition = Registered extends { reachAddition: infer A } ? A : unknown
export type Message = Registered extends { message: infer M } ? M : unknown
export type AuditEntry = Registered extends { audit: infer M } ? M : unknown
export type Audience = AnyActor['kind']

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
type Shape = z.ZodObject | undefined

export interface Limit {
  /** Names the bucket: `login` (one email of one account), `address` (one client address), `caller` (one actor). */
  by: 'login' | 'address' | 'caller'
  max: number
  /** Length of the window. */
  seconds: number
  /**
   * `failures`: a call that succeeds takes its use back, so that many right ones from one office are not refused. One that is
   * answered although its token is unknown says so with ctx.countFailure().
   */
  counts?: 'failures'
}

export interface Definition<
  A extends Audience = Audience,
  P extends Shape = Shape,
  Q extends Shape = Shape,
  B extends Shape = Shape,
  O extends z.ZodType = z.ZodType,
  W extends boolean | undefined = boolean | undefined,
  U extends number | undefined = number | undefined,
> {
  method: Method
  /** Under /api/v1, e.g. `/portal/{portal}/jobs/{job}`. `{portal}` and `{account}` are the address, never input. */
  path: `/${string}`
  audience: readonly A[]
  /** What the operation does, as a short command: "Cancel a job". */
  summary: string
  /** What a caller must know beyond the summary, in one to three sentences. */
  description: string
  params?: P
  query?: Q
  body?: B
  output: O
  problems?: readonly string[]
  /** The handler has checks of the input, which run even if the contract refuses a part: that part is then undefined. */
  checksInput?: boolean
  /** Opens a read-write transaction. Reading operations cannot write: the database refuses it. */
  writes?: W
  /** Honors an Idempotency-Key (24 hours, per caller and operation). */
  creates?: boolean
  /** Fields of the body that the fingerprint of a key leaves out: a plain hash of a password must not be stored. */
  secrets?: readonly string[]
  /** Taken before any slow work, counted over all nodes. */
  limits?: readonly Limit[]
  /** The request's body is one file of a type that `accepts` names, streamed to `input.file`; size limit in bytes. */
  upload?: U
  accepts?: readonly string[]
  /** The answer is a file's bytes in one of these media types, not JSON. */
  download?: readonly string[]
  /** Successful status; 200 unless set (201 for `creates`). */
  status?: number
  /** About the sign-in of the caller alone: there is no such thing for staff who look at the portal as somebody else. */
  isPersonal?: boolean
  /** The answer sets or clears the session cookie. */
  session?: 'starts' | 'ends'
  /** A realistic request and answer for the API document; test/openapi.test.ts checks both against the schemas. */
  example?: { body?: unknown; answer: unknown }
  /** Set by `contract`. */
  tag?: Tag
}

/** A section of the API document. */
export interface Tag {
  name: string
  description: string
}

export interface Operation<D extends Definition = Definition> {
  name: string
  feature: string
  definition: D
}

export const operation = <
  const A extends Audience,
  O extends z.ZodType,
  P extends Shape = undefined,
  Q extends Shape = undefined,
  B extends Shape = undefined,
  const W extends boolean | undefined = undefined,
  const U extends number | undefined = undefined,
>(
  definition: Definition<A, P, Q, B, O, W, U>,
): Definition<A, P, Q, B, O, W, U> => definition

export type Contract = Record<string, Definition>

/** Puts operations into a section of the API document. The record itself is the contract. */
export const contract = <const C extends Contract>(tag: Tag, operations: C): C => {
  for (const definition of Object.values(operations)) definition.tag ??= tag
  return operations
}

type InputOf<S> = S extends z.ZodObject ? z.output<S> : unknown
type RawOf<S> = S extends z.ZodObject ? z.input<S> : unknown
type Flat<T> = { [K in keyof T]: T[K] }

/** What a handler is given: path parameters, query and body, parsed and merged. */
export type Input<D> =
  D extends Definition<Audience, infer P, infer Q, infer B, z.ZodType, boolean | undefined, infer U>
    ? Flat<InputOf<P> & InputOf<Q> & InputOf<B> & (U extends number ? { file: Upload } : unknown)>
    : never
/** What a caller hands in. */
export type RawInput<D> =
  D extends Definition<Audience, infer P, infer Q, infer B, z.ZodType, boolean | undefined, infer U>
    ? Flat<RawOf<P> & RawOf<Q> & RawOf<B> & (U extends number ? { file: Upload } : unknown)>
    : never
export type Output<D> = D extends { output: infer O extends z.ZodType } ? z.input<O> : never

/** The same value after a trip through JSON: moments are ISO 8601 strings. */
export type Wire<T> = T extends Date
  ? string
  : T extends (infer U)[]
    ? Wire<U>[]
    : T extends object
      ? { [K in keyof T]: Wire<T[K]> }
      : T

export interface Upload {
  name: string
  /** What the sender claims; never believed (files.ts looks at the bytes). */
  type: string
  content: AsyncIterable<Uint8Array> | ReceivedFile
  /** SHA-256 of the bytes, or of those that were read so far; of uploads with an idempotency key. */
  digest?(): string
}

// ---- what a handler works with ----

/** Reading only: it has no way to say insert, update or delete. */
export type Read = Pick<Kysely<DB>, 'selectFrom' | 'with' | 'fn' | 'dynamic' | 'selectNoFrom'>
export type Write = Kysely<DB>

export interface Context<D extends Definition = Definition> {
  actor: Extract<AnyActor, { kind: D['audience'][number] }>
  /** The one account of this transaction. Operations without an address (`/people/…`) have none. */
  account: Account
  db: D extends Definition<Audience, Shape, Shape, Shape, z.ZodType, infer W> ? (W extends true ? Write : Read) : never
  /** Moment of this request, from the clock. */
  now: Date
  newId(): string
  requestId: string
  clientAddress: string
  /** Whether it came to the pages or operations of a portal on the main host. */
  usesMainHost: boolean
  /** The cookie by which this browser is known to the audience of the operation. */
  browserToken: string | null
  userAgent: string
  /** Token that an earlier sign-up left in this browser, as it came; null without one. */
  signUpToken: string | null
  locale: string
  /** Asks the policy. A refusal is thrown: 404 for secrets, else the code's status. Every handler must ask. */
  allow(decision: Decision): void
  /** Writes an outbox row in this transaction; it is sent after the commit. */
  emit(message: Message): Promise<void>
  /** Several, as the last thing the transaction does: the commit travels with them. */
  emitAll(messages: readonly Message[]): Promise<void>
  /** Writes an audit entry in this transaction. */
  audit(entry: AuditEntry): Promise<void>
  /** For handlers that make what their own actor must then reach (allow-listed in architecture.test.ts). */
  reachAlso(addition: ReachAddition): Promise<void>
  /** Reads within the reach of somebody else of this account, and of nobody more (allow-listed in architecture.test.ts). */
  readAs<T>(actor: AnyActor, read: (db: Read) => Promise<T>): Promise<T>
  /**
   * For operations of people (`/people/…`), without an account in their address: from here on transaction, mails and audit
   * are that account's. The id comes from a membership or a token, never from input.
   */
  enter(account: string): Promise<void>
  /** Bytes of attachments and logos, put before the rows that name them and removed after the commit; encryption. */
  files: FileStore
  sealer: Sealer
  /** Full addresses for links that leave the application, from configuration, never from the Host header. */
  urls: Urls
  /** Keeps the use of a limit that counts failures, although the call is answered: its token was unknown. */
  countFailure(): void
  /** Work outside the database after the commit, such as removing a file that no record names any more. */
  afterCommit(work: () => Promise<void> | void): void
}

export interface Urls {
  /** Of this account's portal or of the main host; `path` begins with `/`. `inbox` takes in its email. */
  portal(path: string): string
  main(path: string): string
  inbox: string | null
}

const EFFECT = Symbol('effect')
export interface WithEffect<O> {
  [EFFECT]: true
  output: O
  effect: Effect
}
export const withEffect = <O>(output: O, effect: Effect): WithEffect<O> => ({ [EFFECT]: true, output, effect })
export const hasEffect = (value: unknown): value is WithEffect<unknown> =>
  typeof value === 'object' && value !== null && EFFECT in value

/** A problem that is returned, and not thrown, refuses the request and keeps what was written. */
type Answer<D> = Output<D> | WithEffect<Output<D>> | Problem

/** Slow work before the transaction, such as hashing. `query` runs one definer function, outside any transaction. */
export interface PrepareTools {
  account: Account
  actor: AnyActor
  now: Date
  query<T>(sql: string, values: unknown[]): Promise<T[]>
  clientAddress: string
  browserToken: string | null
  files: FileStore
  /** Writes a warning to the log, for whoever runs the installation. */
  warn(message: string, about: Record<string, unknown>): void
  rehearse: Rehearse
}

export type Handler<D extends Definition> =
  | ((ctx: Context<D>, input: Input<D>) => Promise<Answer<D>>)
  | PreparedHandler<D, unknown>
  | PrefetchingHandler<D, unknown>

/**
 * Sends its statements together with the look-up of its caller: one round trip less. They depend on input and moment alone. The
 * database answers within the reach of the session that it finds, and nothing is returned before audience and policy pass.
 */
export interface PrefetchingHandler<D extends Definition, R> {
  /** Sends its statements in the tick of the call, at the moment `now`. Undefined: this input needs to know its caller first. */
  prefetch(db: Context<D>['db'], input: Input<D>, now: Date): Promise<R> | undefined
  /** `prefetched` is undefined when nothing was sent. Only then an operation that reads may still use ctx.db. */
  respond(ctx: Context<D>, input: Input<D>, prefetched: R | undefined): Promise<Answer<D>>
}

/** Ties the types of `prefetch` and `respond` together. */
export const prefetching = <D extends Definition, R>(
  handler: PrefetchingHandler<D, R>,
): PrefetchingHandler<D, unknown> => handler as PrefetchingHandler<D, unknown>

export interface PreparedHandler<D extends Definition, E> {
  /** `prepare` begins with `query`: the limits are counted in the same batch, before the result of that query is returned. */
  countsLimitsWithFirstQuery?: boolean
  prepare(input: Input<D>, tools: PrepareTools): Promise<E>
  /** Takes back what was prepared when its request turns out to be a repetition. */
  discard?: ((prepared: E, files: FileStore) => Promise<void>) | undefined
  /** Of an operation that opens an account: the one that an earlier request with the same input opened. */
  findCreatedAccount?:
    ((input: Input<D>, tools: Pick<PrepareTools, 'query' | 'now'>) => Promise<string | null>) | undefined
  handle(ctx: Context<D>, input: Input<D>, prepared: E): Promise<Answer<D>>
}

/** Ties the types of `prepare` and `handle` together. */
export const prepared = <D extends Definition, E>(
  prepare: (input: Input<D>, tools: PrepareTools) => Promise<E>,
  handle: (ctx: Context<D>, input: Input<D>, prepared: E) => Promise<Answer<D>>,
  options: Pick<PreparedHandler<D, E>, 'countsLimitsWithFirstQuery' | 'discard' | 'findCreatedAccount'> = {},
): PreparedHandler<D, unknown> => ({ prepare, handle, ...options }) as PreparedHandler<D, unknown>

export interface Implemented {
  name: string
  feature: string
  definition: Definition
  handler: Handler<Definition>
}

/** Binds every operation of a contract to its handler; a missing one does not compile. */
export function implement<C extends Contract>(
  feature: string,
  operations: C,
  handlers: { [K in keyof C]: Handler<C[K]> },
): Implemented[] {
  return Object.entries(operations).map(([name, definition]) => ({
    name,
    feature,
    definition,
    handler: handlers[name as keyof C] as unknown as Handler<Definition>,
  }))
}
