import type { SubmitFunction } from '$app/forms'

/**
 * For `use:enhance`: a refused form keeps its page, its values and its errors. By default, Kit navigates to
 * the form's action first, and a page whose address has a query (`?done=…`, `?find=…`) loses the errors.
 */
export const keepForm: SubmitFunction =
  () =>
  ({ update }) =>
    update({ reset: false, navigate: false })
