import { redirect } from '@sveltejs/kit'
import { isProblem } from '../../../../ui/forms.ts'
import type { LayoutServerLoad } from './$types'

/**
 * What every page of a portal shows: `data.portal` (name, looks, words, how to reach the business) and in it `me`, when
 * somebody is signed in. A portal that is off says nothing else (CP-02).
 */
export const load: LayoutServerLoad = async ({ locals, params, url, untrack }) => {
  const portal = await locals.api.getPortal().catch((refusal: unknown) => {
    // The business has another address since: old links keep working for a year.
    const now = isProblem(refusal) && refusal.code === 'moved' ? refusal.vars?.slug : undefined
    if (typeof now !== 'string') throw refusal
    const { href } = untrack(() => url)
    const there = locals.base
      ? href.replace(`/p/${params.portal}`, `/p/${now}`)
      : href.replace(`//${params.portal}.`, `//${now}.`)
    // Another host is another origin, which a redirect has to name.
    redirect(308, there, { external: [new URL(there).origin] })
  })
  locals.brand = portal.accent
  return { ...locals.words('identity.portal'), portal, regionalLocale: portal.locale }
}
