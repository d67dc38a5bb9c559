import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { paths } from '../../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals: { api, t, words } }) => ({
  ...words('tickets.settings'),
  title: t('tickets.settings.title'),
  settings: await api.getTicketSettings(),
  assignees: (await api.getTicketFormOptions({})).assignees,
})

export const actions: Actions = {
  default: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.updateTicketSettings({
        version: typed.number('version') ?? 0,
        defaultAssignee: typed.text('defaultAssignee') ?? null,
        emailTickets: typed.has('inbox') ? typed.ticked('emailTickets') : undefined,
      }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).ticketSettings({ done: 'saved' }))
  },
}
