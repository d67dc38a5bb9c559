/** Tracks whether a form is being sent, and asks before the user leaves unsaved changes. */
import { beforeNavigate } from '$app/navigation'
import type { SubmitFunction } from '$app/forms'
import { t } from './i18n.ts'

/** Asks before the user leaves. `forget` is called once they chose to: a link to another document would ask again. */
export function askBeforeLeaving(isUnsaved: () => boolean, forget: () => void): void {
  beforeNavigate((navigation) => {
    if (!isUnsaved()) return
    // When the tab closes, the browser shows its own dialog.
    if (navigation.type === 'leave' || !confirm(t('ui.unsaved'))) navigation.cancel()
    else forget()
  })
}

/** For the form: `use:enhance={enhance} oninput={touched}`; `busy` while it is being sent. */
export function unsavedChanges() {
  let busy = $state(false)
  let dirty = false
  askBeforeLeaving(
    () => dirty && !busy,
    () => (dirty = false),
  )
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
