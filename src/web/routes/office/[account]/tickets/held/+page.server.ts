import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals: { api, t, words } }) => ({
  ...words('tickets.held'),
  title: t('tickets.held.title'),
  list: await api.listHeldMails(),
})
