import { attempt, readForm, type Typed } from '../../../../../../ui/forms.ts'
import { paths } from '../../../../../../paths.ts'
import { regionalOptions } from '../../../../../regional-options.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => {
  return {
    ...locals.words('accounts.business', 'accounts.settings'),
    title: locals.t('accounts.business.title'),
    account: await locals.api.getAccount(),
    options: regionalOptions(),
    asking: url.searchParams.get('confirm') === 'logo',
  }
}

/** Stores the logo that was chosen, if one was; else why it was not. The rest of the form is stored by then. */
async function refuseLogo(locals: App.Locals, typed: Typed, version: number) {
  // Received without it, because the disk is full or cannot be written (platform/http/page-forms.ts).
  const [unsaved] = typed.all('unsaved.file')
  const code = unsaved?.split(' ')[0]
  const [file] = typed.files('file')
  if (!file && !code) return null
  const { failure } = await attempt(locals, typed, async () => {
    if (code) throw Object.assign(new Error(code), { isProblem: true, status: 503, code, fields: { file: code } })
    await locals.api.uploadLogo({
      file: { name: file!.name, type: file!.type, content: file!.stream() as never },
    })
  })
  if (!failure) return null
  failure.data.problem.detail = locals.t('accounts.business.otherSaved')
  failure.data.values.version = String(version)
  return failure
}

export const actions: Actions = {
  save: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure, output } = await attempt(locals, typed, () =>
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
          days: typed.all('workingHours.days').map(Number),
          from: typed.string('workingHours.from'),
          to: typed.string('workingHours.to'),
        },
      }),
    )
    if (failure) return failure
    const refused = await refuseLogo(locals, typed, output.version)
    if (refused) return refused
    locals.finish(paths.office(params.account).business({ done: 'saved' }))
  },
  removeLogo: async ({ request, locals, params }) => {
    const { failure } = await attempt(locals, await readForm(request), () => locals.api.removeLogo(), 'logo')
    if (failure) return failure
    locals.finish(paths.office(params.account).business({ done: 'logoRemoved' }))
  },
}
