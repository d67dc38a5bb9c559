import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { paths } from '../../../../../../paths.ts'
import { regionalOptions } from '../../../../../regional-options.ts'
import { uploadProblem } from '../../../../../upload-problem.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => {
  return {
    ...locals.words('accounts.business', 'accounts.settings'),
    title: locals.t('accounts.business.title'),
    account: await locals.api.getAccount(),
    options: regionalOptions(),
    logoProblem: uploadProblem(locals, locals.t('records.office.files.refused')),
    asking: url.searchParams.get('confirm') === 'logo',
  }
}

export const actions: Actions = {
  save: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.updateAccount({
        version: typed.number('version') ?? 0,
        name: typed.string('name'),
        timeZone: typed.string('timeZone'),
        locale: typed.string('locale'),
        currency: typed.string('currency'),
        accent: typed.string('accent'),
        supportEmail: typed.text('supportEmail') ?? null,
        supportPhone: typed.text('supportPhone') ?? null,
        postalAddress: typed.text('postalAddress') ?? null,
        workingHours: {
          days: typed.all('workingDays').map(Number),
          from: typed.string('workingHours.from'),
          to: typed.string('workingHours.to'),
        },
      }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).business({ done: 'saved' }))
  },
  removeLogo: async ({ request, locals, params }) => {
    const { failure } = await attempt(locals, await readForm(request), () => locals.api.removeLogo(), 'logo')
    if (failure) return failure
    locals.finish(paths.office(params.account).business({ done: 'logoRemoved' }))
  },
}
