import { redirect } from '@sveltejs/kit'
import { attempt, readForm } from '../../../../ui/forms.ts'
import { paths, safeNext } from '../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => ({
  ...locals.words('identity.people', 'identity.demo'),
  title: locals.t('identity.people.signIn.title'),
  done: locals.outcome?.done ?? null,
  next: url.searchParams.get('next') ?? '',
  demo: locals.demo,
  isSetUp: locals.demo !== null || (await locals.api.getInstallation()).isSetUp,
})

export const actions: Actions = {
  default: async ({ request, locals, url }) => {
    const typed = await readForm(request)
    const { failure, output } = await attempt(locals, typed, () =>
      locals.api.signIn({ email: typed.string('email'), password: typed.raw('password') }),
    )
    if (failure) return failure
    const [only] = output.accounts
    const home = output.accounts.length === 1 && only ? paths.office(only.slug).home() : paths.accounts()
    // Their form waits in another tab.
    if (url.searchParams.has('again') && only) locals.finish(paths.office(only.slug).home({ done: 'again' }))
    redirect(303, safeNext(url.searchParams.get('next'), home))
  },
}
