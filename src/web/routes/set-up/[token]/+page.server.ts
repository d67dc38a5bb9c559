import { redirect } from '@sveltejs/kit'
import { currencyOf, timeZoneOf } from '../../../../features/accounts/regions/rules.ts'
import { attemptPassword, readForm } from '../../../../ui/forms.ts'
import { paths } from '../../../../paths.ts'
import { regionalOptions } from '../../../regional-options.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params }) => {
  const { status } = await locals.api.getSetUp({ token: params.token })
  return {
    ...locals.words('accounts.setUp'),
    title: locals.t('accounts.setUp.title'),
    link: status,
    options: regionalOptions(),
    suggested: {
      locale: locals.regionalLocale,
      timeZone: timeZoneOf(locals.regionalLocale),
      currency: currencyOf(locals.regionalLocale),
    },
  }
}

export const actions: Actions = {
  default: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure, output } = await attemptPassword(locals, typed, (password) =>
      locals.api.setUp({
        token: params.token,
        business: typed.string('business'),
        slug: typed.string('slug'),
        locale: typed.string('locale'),
        timeZone: typed.string('timeZone'),
        currency: typed.string('currency'),
        name: typed.string('name'),
        email: typed.string('email'),
        password,
      }),
    )
    if (failure) return failure
    redirect(303, paths.office(output.slug).home())
  },
}
