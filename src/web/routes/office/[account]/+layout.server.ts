import { redirect } from '@sveltejs/kit'
import { isProblem } from '../../../../ui/forms.ts'
import type { LayoutServerLoad } from './$types'

/** The frame of every office page: `data.office` says which account, who I am there and what is open to me. */
export const load: LayoutServerLoad = async ({ locals, params, url, untrack }) => {
  const office = await locals.api.getOffice().catch((refusal: unknown) => {
    // The account has another address since: old links keep working for a year.
    const now = isProblem(refusal) && refusal.code === 'moved' ? refusal.vars?.slug : undefined
    if (typeof now !== 'string') throw refusal
    redirect(
      308,
      untrack(() => url.pathname.replace(`/office/${params.account}`, `/office/${now}`) + url.search),
    )
  })
  locals.brand = office.accent
  return { ...locals.words('accounts.office'), office, sendsMail: locals.sendsMail, regionalLocale: office.locale }
}
