import { error } from '@sveltejs/kit'
import { readForm } from '../../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../../paths.ts'
import { enteredReply, saveReplies } from '../../canned-replies.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals: { api, t, words } }) => {
  const { version, can, signInUrl } = await api.getTicketSettings()
  if (!can.edit) error(403, t('problems.managersOnly'))
  return { ...words('tickets.settings'), title: t('tickets.settings.newTitle'), version, signInUrl }
}

export const actions: Actions = {
  default: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const failure = await saveReplies(locals, typed, (replies) => ({
      replies: [...replies, enteredReply(typed)],
      index: replies.length,
    }))
    if (failure) return failure
    locals.finish(paths.office(params.account).ticketSettings({ done: 'added' }))
  },
}
