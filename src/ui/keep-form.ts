import type { SubmitFunction } from '$app/forms'

/**
 * For `use:enhance`: a refused form stays where it is, with what was typed and what was wrong. Left alone, Kit goes to
 * the form's action first, and a page whose address has a query (`?done=…`, `?find=…`) loses the refusal on the way.
 */
export const keepForm: SubmitFunction =
  () =>
  ({ update }) =>
    update({ reset: false, navigate: false })
