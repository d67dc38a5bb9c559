/** Answers as an HTML form sends them. Pure. */
import { parseAmount } from '../amounts/rules.ts'
import type { Field, PortalField } from '../fields/rules.ts'

interface FormOptions {
  /** Turns a local date and time (`2026-03-02T09:30`) into ISO with the offset of the account's zone, or null. */
  moment: (local: string) => string | null
  /** 2 for dollars and euros. */
  minorDigits?: number
}

/**
 * The texts of a form as values. `entries` holds the texts of each input by field id. A text that cannot be read is
 * returned as entered, so that checkFieldValues names the error. `fields` are those that the form has inputs for: a
 * checkbox without an entry is unchecked.
 */
export function parseFormValues(
  fields: readonly Field[] | readonly PortalField[],
  entries: Readonly<Record<string, readonly string[] | undefined>>,
  options: FormOptions,
): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const field of fields) {
    const isReadOnly = 'permission' in field && field.permission === 'readOnly'
    if (field.type === 'section' || isReadOnly) continue
    const value = parseEntry(field, entries[field.id] ?? [], options)
    if (value !== undefined) values[field.id] = value
  }
  return values
}

const UNCHECKED = ['', '0', 'false', 'off']

function parseEntry({ type }: Field | PortalField, texts: readonly string[], options: FormOptions): unknown {
  if (type === 'checkbox') return texts.some((text) => !UNCHECKED.includes(text))
  if (type === 'multiPickList' || type === 'file') return texts.filter((text) => text !== '')
  const [text] = texts
  if (text === undefined) return undefined
  if (text.trim() === '') return null
  if (type === 'currency') return parseAmount(text, options.minorDigits) ?? text
  if (type === 'dateTime') return options.moment(text.trim()) ?? text
  return text
}
