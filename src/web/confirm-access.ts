/** Before a change of access is saved: who gains and loses what, and whether to go on. */
import type { RequestEvent } from '@sveltejs/kit'
import { isProblem, type Typed, type Values } from '../ui/forms.ts'
import type { Api } from './api.ts'

type Preview = Awaited<ReturnType<Api['previewAccess']>>
type Operation = NonNullable<Parameters<Api['previewAccess']>[0]>['operation']

/** An operation that changes access, with its input. */
export interface Change {
  operation: Operation
  input: object
}

/** What AccessPreview.svelte shows on top of the form, which keeps what was entered. */
interface Asked {
  form: string
  values: Values
  problem: undefined
  accessPreview?: Preview & { action: string; confirmLabel: string }
}

/** Null when nothing can be told: the change itself will say why it is refused. */
export async function previewAccess({ api }: App.Locals, operation: Operation, input: object): Promise<Preview | null> {
  try {
    const preview = await api.previewAccess({ operation, input: input as Record<string, unknown> })
    return preview.gains.count + preview.loses.count > 0 ? preview : null
  } catch (refusal) {
    if (isProblem(refusal)) return null
    throw refusal
  }
}

/**
 * Asks before a form changes access, unless nobody gains or loses anything. What is not null is to be returned from the action:
 * it is sent again with the answer, or goes back to the form as it was entered.
 */
export async function confirmAccess(
  { locals, url }: Pick<RequestEvent, 'locals' | 'url'>,
  typed: Typed,
  { operation, input }: Change,
  { form = 'form', confirmLabel = locals.t('access-preview.save') } = {},
): Promise<Asked | null> {
  const { confirm, ...values } = typed.values
  if (confirm === 'save') return null
  if (confirm === 'edit') return { form, values, problem: undefined }
  const preview = await previewAccess(locals, operation, input)
  if (!preview) return null
  return { form, values, problem: undefined, accessPreview: { ...preview, action: url.search, confirmLabel } }
}
