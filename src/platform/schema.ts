/** The schema parts that contracts share: ids, moments, text, paging. */
import { z } from 'zod'

export const id = () => z.uuid()
/** A moment: Date in a handler's answer, ISO 8601 with zone on the wire. */
export const moment = () => z.date()
/** The version of a record that an edit has seen; no bigger than its column. */
export const seenVersion = () => z.int32().min(1)
/** One line of text: trimmed, without control characters, 1 to `max` characters. */
export const line = (max = 200) =>
  z
    .string()
    .trim()
    .min(1, 'required')
    .max(max, 'tooLong')
    .regex(/^[^\u0000-\u001f\u007f]*$/u, 'control')
/** Several lines of text: trimmed, line ends as \n, at most `max` characters; may be empty. */
export const text = (max = 5000) =>
  z
    .string()
    .transform((value) => value.replaceAll(/\r\n?/g, '\n').trim())
    .pipe(
      z
        .string()
        .max(max, 'tooLong')
        .regex(/^[^\u0000-\u0008\u000b-\u001f\u007f]*$/u, 'control'),
    )
/** An address for mail as typed; compare by `emailNorm` only. Source of 254: RFC 5321. */
export const email = () => z.string().trim().max(254, 'tooLong').pipe(z.email('email'))
export const cursor = () =>
  z
    .string()
    .max(200)
    .regex(/^[\w-]+$/)
    .optional()
export const search = () =>
  z
    .string()
    .trim()
    .max(100, 'tooLong')
    .regex(/^[^\u0000-\u001f\u007f]*$/u, 'control')
    .optional()
export const page = <T extends z.ZodType>(row: T) => ({ rows: z.array(row), next: z.string().nullable() })
