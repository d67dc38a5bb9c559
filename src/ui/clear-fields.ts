import type { SubmitFunction } from '$app/forms'

/**
 * For `use:enhance` of a form that ends on its own page: empties these fields once they are saved. Kit resets no form whose
 * action ends with a redirect. A refused form keeps what was entered.
 */
export const clearFields =
  (...names: string[]): SubmitFunction =>
  ({ formElement }) =>
  async ({ result, update }) => {
    await update({ reset: false, navigate: false })
    if (result.type !== 'redirect') return
    for (const control of formElement.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('input, textarea'))
      if (names.includes(control.name)) control.value = ''
  }
