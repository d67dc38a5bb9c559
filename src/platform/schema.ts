/** The schema parts that contracts share: ids, moments, text, paging. Their descriptions appear in the API document. */
import { z } from 'zod'
import { isEmailAddress, readableEmail } from './email-address.ts'
import { cleanLine, cleanText } from './text.ts'

// ---- input ----

export const id = () => z.uuid()
/** The version of a record that an edit has seen; no bigger than its column. */
export const seenVersion = () => versionInput
const versionInput = z.int32().min(1).meta({
  id: 'SeenVersion',
  description: 'The `version` that you read. The change is refused if someone else changed the record since.',
})
/**
 * A text of at most `max` characters. What is far longer is refused before anything else looks at it; some room is left
 * for what cleaning takes out.
 */
const bounded = (max: number) => z.string().max(2 * max + 200, { error: 'tooLong', abort: true })
/** One line of text: nothing invisible in it, no control characters, 1 to `max` characters. */
export const line = (max = 200) =>
  bounded(max)
    .overwrite(cleanLine)
    .min(1, 'required')
    .max(max, { error: 'tooLong', abort: true })
    .regex(/^[^\u0000-\u001f\u007f]*$/u, 'control')
/** Several lines of text: trimmed, line ends as \n, at most `max` characters; may be empty. */
export const text = (max = 5000) =>
  bounded(max)
    .overwrite(cleanText)
    .max(max, { error: 'tooLong', abort: true })
    .regex(/^[^\u0000-\u0008\u000b-\u001f\u007f]*$/u, 'control')
/** An email address as typed; compare by `emailNorm` only. Source of 254: RFC 5321. */
export const email = () =>
  bounded(254)
    .overwrite((typed) => readableEmail(cleanLine(typed)))
    .max(254, { error: 'tooLong', abort: true })
    .refine(isEmailAddress, 'email')
    .meta({ format: 'email', description: 'Email address.' })
/** At least three digits; capitals for numbers such as 0800 FLOWERS; then an extension. */
const PHONE =
  /^(?=(?:\D*\d){3})[+(\uff0b]?[\d\s()./\u00b7\u2010-\u2015\u2212-]{2,}[A-Z]{0,12}[\d\s()./\u00b7\u2010-\u2015\u2212-]{0,12}(?:[,;]?\s?(?:x|ext\.?|extension|#)\s?\d{1,6})?$/iu
const phoneNumber = line(40)
  .overwrite((written) => written.replace(/^tel:/i, ''))
  .regex(PHONE, 'phone')
  .meta({ id: 'PhoneNumber', description: 'Phone number.' })
/** A phone number as written, with an extension and typographic marks; compare by digits only. */
export const phone = () => phoneNumber
/** A password as typed; `checkNewPassword` decides whether it may be used. */
export const password = (what: string) =>
  z.string().max(1_000, { error: 'tooLong', abort: true }).min(1, 'required').describe(what)
/** One value of a query parameter, or the parameter repeated. */
export const several = <T extends z.ZodType>(one: T) =>
  z
    .union([one, z.array(one).max(50)])
    .transform((value) => [value].flat() as z.output<T>[])
    .optional()

// ---- lists ----

export const cursor = () =>
  z
    .string()
    .max(400, { abort: true })
    .regex(/^[\w-]+$/)
    .optional()
    .describe('Where the page is: `next` or `previous` of another page. Leave out for the first page.')
export const limit = () =>
  z.coerce.number().int().min(1).max(100).default(50).describe('The most rows that the page may have.')
export const search = () =>
  bounded(100)
    .overwrite(cleanLine)
    .max(100, { error: 'tooLong', abort: true })
    .regex(/^[^\u0000-\u001f\u007f]*$/u, 'control')
    .optional()
    .describe('Words to find. Each must occur, in any order; case and accents do not matter.')
export const include = () =>
  z.literal('details').optional().describe('`details`: with what is marked so, which lists on screens do not show.')
const nextCursor = z
  .string()
  .nullable()
  .meta({ id: 'NextPage', description: 'Pass as `cursor` to read the next page; null on the last page.' })
const previousCursor = z
  .string()
  .nullable()
  .meta({ id: 'PreviousPage', description: 'Pass as `cursor` to read the page before; null on the first page.' })
export const page = <T extends z.ZodType>(row: T) => ({
  rows: z.array(row).describe('The rows of this page.'),
  next: nextCursor,
  previous: previousCursor,
})

// ---- answers ----

/** A moment: Date in a handler's answer, ISO 8601 with zone on the wire. */
export const moment = () => z.date()
/** The id of a record in an answer. */
export const recordId = () => recordIdSchema
const recordIdSchema = z.string().meta({ id: 'RecordId', description: 'ID of the record.' })
/** The version of a record in an answer. */
export const recordVersion = () => version
const version = z.number().meta({
  id: 'RecordVersion',
  description: 'Grows with each change. Send it back when you edit the record.',
})
/** A count in an answer. */
export const count = (what: string) => z.number().describe(what)
/** Whether the caller may do something, or whether something holds. */
export const flag = (what: string) => z.boolean().describe(what)
/** Another record, by id and name. */
export const named = () => recordRef
const recordRef = z
  .object({ id: recordId(), name: z.string().describe('Name to show.') })
  .meta({ id: 'RecordRef', description: 'Another record, by ID and name.' })
/** The answer of an operation that has nothing to say beyond its status. */
export const empty = () => emptyAnswer
const emptyAnswer = z.object({}).meta({ id: 'Empty', description: 'An empty object: the operation succeeded.' })
