/** A form that says it is busy while it is sent, and asks before typed words are left behind. */
import { beforeNavigate } from '$app/navigation'
import type { SubmitFunction } from '$app/forms'
import { t } from './i18n.ts'

/** For the form: `use:enhance={enhance} oninput={touched}`; `busy` while it is on its way. */
export function unsavedChanges() {
  let busy = $state(false)
  let dirty = false
  beforeNavigate((navigation) => {
    if (!dirty || busy) return
    // A closing tab gets the browser's own question.
    if (navigation.willUnload) navigation.cancel()
    else if (!confirm(t('ui.unsaved'))) navigation.cancel()
  })
  const enhance: SubmitFunction = () => {
    busy = true
    return async ({ result, update }) => {
      if (result.type === 'redirect' || result.type === 'success') dirty = false
      await update({ reset: false })
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
