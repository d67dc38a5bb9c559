import { redirect } from '@sveltejs/kit'
import { isProblem } from '../../../../ui/forms.ts'
import type { LayoutServerLoad } from './$types'

/**
 * Data of every portal page: `data.portal` (name, branding, contact details) with `me` when a portal user is signed in.
 * A portal that is off returns no more than that it is off (CP-02).
 */
export const load: LayoutServerLoad = async ({ locals, params, url, untrack }) => {
  const portal = await locals.api.getPortal().catch((refusal: unknown) => {
    // The portal's address has changed: old links redirect for a year.
    const newSlug = isProblem(refusal) && refusal.code === 'moved' ? refusal.vars?.slug : undefined
    if (typeof newSlug !== 'string') throw refusal
    const { href } = untrack(() => url)
    const target = locals.base
      ? href.replace(locals.base, locals.base.replace(`/${params.portal}`, `/${newSlug}`))
      : href.replace(`//${params.portal}.`, `//${newSlug}.`)
    // SvelteKit requires naming the origin of a redirect to another host.
    redirect(308, target, { external: [new URL(target).origin] })
  })
  locals.brand = portal.accent
  // Staff who look at the portal as somebody else see whom, on every page.
  const view = locals.view ? await locals.api.getPortalView({ view: locals.view }) : null
  const words = view ? locals.words('identity.portal', 'portal-views.bar') : locals.words('identity.portal')
  return { ...words, portal, regionalLocale: portal.locale, view }
}
