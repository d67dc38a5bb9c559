import { error } from '@sveltejs/kit'
import { readForm } from '../../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../../paths.ts'
import { enteredReply, saveReplies } from '../../canned-replies.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals: { api, t, words }, params }) => {
  const { version, can, cannedReplies, signInUrl } = await api.getTicketSettings()
  if (!can.edit) error(403, t('problems.managersOnly'))
  const reply = cannedReplies.find(({ id }) => id === params.reply)
  if (!reply) error(404, t('problems.notFound'))
  return { ...words('tickets.settings'), title: reply.name, reply, version, signInUrl }
}

export const actions: Actions = {
  save: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const failure = await saveReplies(locals, typed, (replies) => ({
      replies: replies.map((reply) => (reply.id === params.reply ? { id: reply.id, ...enteredReply(typed) } : reply)),
      index: replies.findIndex(({ id }) => id === params.reply),
    }))
    if (failure) return failure
    locals.finish(paths.office(params.account).ticketSettings({ done: 'changed' }))
  },
  delete: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const failure = await saveReplies(locals, typed, (replies) => ({
      replies: replies.filter(({ id }) => id !== params.reply),
      index: -1,
    }))
    if (failure) return failure
    locals.finish(paths.office(params.account).ticketSettings({ done: 'deleted' }))
  },
}
