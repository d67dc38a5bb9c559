/** Tracks whether a form is being sent, and asks before the user leaves unsaved changes. */
import { beforeNavigate } from '$app/navigation'
import type { SubmitFunction } from '$app/forms'
import { t } from './i18n.ts'

/** For the form: `use:enhance={enhance} oninput={touched}`; `busy` while it is being sent. */
export function unsavedChanges() {
  let busy = $state(false)
  let dirty = false
  beforeNavigate((navigation) => {
    if (!dirty || busy) return
    // When the tab closes, the browser shows its own dialog.
    if (navigation.willUnload) navigation.cancel()
    else if (!confirm(t('ui.unsaved'))) navigation.cancel()
  })
  const enhance: SubmitFunction = () => {
    busy = true
    return async ({ result, update }) => {
      if (result.type === 'redirect' || result.type === 'success') dirty = false
      // Kit would first go to the address of the form's action, and move the focus there.
      await update({ reset: false, navigate: false })
      busy = false
    }
  }
  return {
    get busy() {
      return busy
    },
    touched: () => {
      dirty = true
    },
    enhance,
  }
}
