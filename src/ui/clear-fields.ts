import type { SubmitFunction } from '$app/forms'

type Submission = Parameters<SubmitFunction>[0]
type Answer = Parameters<Exclude<Awaited<ReturnType<SubmitFunction>>, void>>[0]

/**
 * For `use:enhance` of a form that ends on its own page: empties these fields once they are saved. Kit resets no form whose
 * action ends with a redirect. A refused form keeps what was entered.
 */
export const clearFields =
  (...names: string[]) =>
  ({ formElement }: Pick<Submission, 'formElement'>) =>
  async ({ result, update }: Pick<Answer, 'result' | 'update'>): Promise<void> => {
    await update({ reset: false, navigate: false })
    if (result.type !== 'redirect') return
    for (const control of formElement.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('input, textarea'))
      if (names.includes(control.name)) control.value = ''
  }
