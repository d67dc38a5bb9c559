import { pino } from 'pino'
import type { DestinationStream, Logger } from 'pino'
import pretty from 'pino-pretty'
import type { Clock } from './clock.ts'
import { systemClock } from './clock.ts'
import { masked } from './masking.ts'

export type Log = Logger

const HIDDEN = '[hidden]'
// Whatever carries one of these names is a credential or the text of a mail. Hiding a harmless field is acceptable; showing a secret is not.
const SECRET_NAME =
  /passw|passphrase|secret|token|cookie|authorization|credential|api[-_]?key|otp|form[-_]?key|smtp_?url|database_?url/i
const SECRET_WORD = new Set(['html', 'text', 'body', 'payload', 'raw', 'session', 'code_verifier', 'key'])

/**
 * Structured logs, one JSON object a line, without secrets: fields named like credentials or mail bodies are hidden at
 * any depth, tokens and user:password in addresses are masked everywhere, errors lose the row values that the
 * database quotes in `detail`.
 */
export function createLog(
  options: {
    level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
    clock?: Clock
    /** `pretty`: for people, with colors where they look at a terminal. */
    format?: 'json' | 'pretty'
    to?: DestinationStream
  } = {},
): Log {
  const clock = options.clock ?? systemClock
  const log = pino(
    {
      level: options.level ?? 'info',
      base: null,
      timestamp: () => `,"time":"${clock.now().toISOString()}"`,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => hide(fields, 0) as Record<string, unknown>,
      },
      // Errors are turned plain by hide(); pino's own serializer would copy every property they carry.
      serializers: { err: (value: unknown) => value },
      hooks: { streamWrite: masked },
    },
    options.to ?? (options.format === 'pretty' ? prettyOutput() : jsonOutput()),
  )
  // pino's formatters don't see what a child is bound to. Children inherit this one.
  const child = log.child
  log.child = function (this: Log, bindings: Record<string, unknown>, childOptions?: object) {
    return child.call(this, hide(bindings, 0) as Record<string, unknown>, childOptions)
  } as typeof log.child
  return log
}

/** What waits in memory while standard output takes nothing, in characters; later lines are lost. */
const WAITING_LIMIT = 256 * 1024

/** Standard output, a JSON object a line. A full disk costs lines of the log, and does not end the process. */
function jsonOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true, maxLength: WAITING_LIMIT })
  let isReported = false
  output.on('write', () => (isReported = false))
  output.on('error', (error: Error) => {
    if (!isReported) process.stderr.write(`portico: the log cannot be written: ${error.message}\n`)
    isReported = true
  })
  return output
}

/** Standard output with a line of words for each entry: time, level, message and fields. */
const prettyOutput = (): DestinationStream =>
  pretty({
    colorize: process.stdout.isTTY,
    destination: 1,
    sync: true,
    translateTime: 'SYS:HH:MM:ss',
    singleLine: true,
  })

function hide(value: unknown, depth: number): unknown {
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Date) return value
  if (depth > 6) return '[deep]'
  if (value instanceof Error) return plainError(value, depth)
  if (Buffer.isBuffer(value) || ArrayBuffer.isView(value)) return '[bytes]'
  if (Array.isArray(value)) return value.slice(0, 50).map((item) => hide(item, depth + 1))
  const visible: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(value)) {
    visible[name] =
      SECRET_NAME.test(name) || SECRET_WORD.has(name.toLowerCase())
        ? field == null
          ? field
          : HIDDEN
        : hide(field, depth + 1)
  }
  return visible
}

function plainError(error: Error, depth: number): Record<string, unknown> {
  const { code, constraint, table, severity, responseCode, command } = error as Error & Record<string, unknown>
  return {
    type: error.name,
    message: error.message,
    ...Object.fromEntries(
      Object.entries({ code, constraint, table, severity, responseCode, command }).filter(([, v]) => v !== undefined),
    ),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: hide(error.cause, depth + 1) }),
  }
}
