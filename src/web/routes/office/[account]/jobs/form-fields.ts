import type { ActionFailure } from '@sveltejs/kit'
import type { FormFailure, Typed } from '../../../../../ui/forms.ts'
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

/** Where a job is: a site, or another address, which is not read unless it is chosen. */
export function placeOf(typed: Typed): { site: string | null; address: string | null } {
  const site = typed.text('site') ?? null
  if (isAddressMissing(typed)) return { site: OTHER, address: null }
  // A customer without sites is asked for the address alone.
  const isOther = site === OTHER || !typed.has('site')
  return { site: site === OTHER ? null : site, address: isOther ? (typed.text('address') ?? null) : null }
}
/** Not the id of a site: an operation refuses it, along with all else that is wrong. */
const OTHER = 'other'
const isAddressMissing = (typed: Typed): boolean => typed.text('site') === OTHER && !typed.text('address')

/** Says at the address, and not at the list of sites, that another address was chosen and not entered. */
export function nameMissingAddress(failure: ActionFailure<FormFailure>, typed: Typed, { t }: App.Locals): void {
  const { problem } = failure.data
  if (!isAddressMissing(typed) || problem.code !== 'input') return
  const { site: _site, ...others } = problem.fields
  problem.fields = { address: t('problems.byField.required.address'), ...others }
}

/** Who may read a comment or a file: staff, unless the form says otherwise. */
export const audienceOf = (typed: Typed, name = 'audience'): 'internal' | 'customer' =>
  typed.string(name) === 'customer' ? 'customer' : 'internal'
