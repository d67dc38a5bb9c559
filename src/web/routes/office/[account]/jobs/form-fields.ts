import type { Typed } from '../../../../../ui/forms.ts'
import { getMinorDigits } from '../../../../../features/templates/amounts/rules.ts'
import type { Field } from '../../../../../features/templates/fields/rules.ts'
import { parseFormValues } from '../../../../../features/templates/form/rules.ts'

type Question = { id: string; name: string; type: string; options?: string[] | undefined }
type Answers = Record<string, string | number | boolean | string[] | null>

/** The answers of a form by field id. Local times stay as typed: the operation knows the account's zone. */
export function answersOf(typed: Typed, questions: readonly Question[], currency: string, files: boolean): Answers {
  const fields = questions.filter((field) => field.type !== 'file' || files) as unknown as Field[]
  const given = Object.fromEntries(
    fields.map(({ id, type }) => {
      const all = typed.all(`fields.${id}`)
      if (type === 'checkbox') return [id, all.length > 0 ? ['true'] : []]
      // An emptied answer is an answer.
      return [id, all.length > 0 || type === 'multiPickList' || type === 'file' ? all : ['']]
    }),
  )
  return parseFormValues(fields, given, { moment: () => null, minorDigits: getMinorDigits(currency) }) as Answers
}

/** "urgent, key at reception" as tags, each once. */
export const tagsOf = (typed: Typed): string[] => [
  ...new Set(
    typed
      .string('tags')
      .split(',')
      .map((tag) => tag.trim())
      .filter(Boolean),
  ),
]
