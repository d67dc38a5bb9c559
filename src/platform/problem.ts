/**
 * Refusals. A problem is a code with a status; words are chosen at the edge in the reader's language
 * (`problems.<code>` in the catalogue). Features declare their codes beside their contracts.
 */

/** The codes every operation may answer with, whatever it declares. */
export const GENERIC_PROBLEMS = {
  input: 422,
  malformed: 400,
  /** The account gave up this address within the last year; `vars.slug` is its present one. */
  moved: 308,
  notSignedIn: 401,
  notFound: 404,
  notAllowed: 403,
  officeOnly: 403,
  managersOnly: 403,
  crossOrigin: 403,
  /** Over plain http, where the installation has an https address. */
  httpsRequired: 403,
  tooLarge: 413,
  unsupportedType: 415,
  tooMany: 429,
  busy: 503,
  databaseUnavailable: 503,
  databaseFull: 503,
  databaseReadOnly: 503,
  databaseConnections: 503,
  internal: 500,
  /** The disk for files has no room left. */
  storageFull: 507,
  /** The disk for files cannot be written: read-only, or broken. */
  storageUnavailable: 503,
  keyReused: 422,
  stillRunning: 409,
  /** Staff look at the portal as somebody else, and sent what would change something. */
  viewAsReadOnly: 403,
  /** The portal view that the address names has ended. */
  viewEnded: 410,
  /** A form that was made for another person; `vars.name` is who is signed in. */
  otherPerson: 409,
} as const

export interface FieldError {
  /** What is wrong, e.g. `required`, `tooLong`: words under `problems.fields.<code>`. */
  code: string
  vars?: Record<string, string | number>
}

export interface ProblemDetails {
  /** Path of an input field (`email`, `fields.abc`) to what is wrong with it. */
  fields?: Record<string, FieldError | string>
  /** Values for the words, e.g. the status a job is in. Never secrets: they are shown. */
  vars?: Record<string, string | number>
  /** Seconds after which trying again makes sense. */
  retryAfter?: number
  /** Whom the refusal is about, for the audit; never shown. */
  subject?: { kind: string; id: string } | undefined
  cause?: unknown
}

export class Problem extends Error {
  /** Recognised by this mark and not by instanceof: the pages' bundle has its own copy of every module. */
  readonly isProblem = true
  readonly code: string
  readonly status: number
  readonly fields: Record<string, FieldError> | undefined
  readonly vars: Record<string, string | number> | undefined
  readonly retryAfter: number | undefined
  readonly subject: ProblemDetails['subject']

  constructor(code: string, status: number, details: ProblemDetails = {}) {
    super(code, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'Problem'
    this.code = code
    this.status = status
    this.fields =
      details.fields &&
      Object.fromEntries(
        Object.entries(details.fields).map(([path, field]) => [
          path,
          typeof field === 'string' ? { code: field } : field,
        ]),
      )
    this.vars = details.vars
    this.retryAfter = details.retryAfter
    this.subject = details.subject
  }
}

const statuses = new Map<string, number>(Object.entries(GENERIC_PROBLEMS))
const meanings = new Map<string, string>()

/**
 * Called once by each feature's contract with its own codes: the status, and what the code means to a caller of the API.
 * The same code may not mean two statuses.
 */
export function declareProblems<const T extends Record<string, readonly [status: number, meaning: string]>>(
  codes: T,
): T {
  for (const [code, [status, meaning]] of Object.entries(codes)) {
    const declared = statuses.get(code)
    if (declared !== undefined && declared !== status)
      throw new Error(`Problem ${code} is declared as ${declared} and as ${status}`)
    statuses.set(code, status)
    meanings.set(code, meaning)
  }
  return codes
}

/** What a declared code means, for the API document. */
export const meaningOf = (code: string): string | undefined => meanings.get(code)

/** Makes the refusal `code`; throw it, or return it from a handler whose writes must stay (see `refused`). */
export function problem(code: string, details?: ProblemDetails): Problem {
  const status = statuses.get(code)
  if (status === undefined) throw new Error(`Problem ${code} is not declared in any contract`)
  return new Problem(code, status, details)
}

export const isProblem = (error: unknown): error is Problem =>
  typeof error === 'object' && error !== null && (error as { isProblem?: unknown }).isProblem === true

/** Every declared code with its status: for the OpenAPI document and the architecture test. */
export const allProblems = (): ReadonlyMap<string, number> => statuses

// ---- decisions: what a policy answers ----

export type Decision = { yes: true } | { yes: false; code: string; vars?: Record<string, string | number> }

export const yes: Decision = { yes: true }
/** The record is in view and the verb is not allowed: answered with the code's words. */
export const no = (code = 'notAllowed', vars?: Record<string, string | number>): Decision => ({
  yes: false,
  code,
  ...(vars && { vars }),
})
/** Existence is a secret: the same answer as for an id that never was. */
export const notFound: Decision = { yes: false, code: 'notFound' }

/** For Retry-After, one to four: clients that were refused together do not come back together. */
export const jitteredSeconds = (): number => 1 + Math.floor(Math.random() * 4)
