/**
 * `t()` for screens, over the texts sent with the page, in the same format as on the server. The server has chosen the
 * language and filled gaps from English.
 */
import { page } from '$app/state'
import { translate, type Vars } from './i18n-server.ts'

/** The text under `key` (`jobs.portal.title`) with `{{name}}` filled from vars; `count` chooses the plural form. */
export function t(key: string, vars?: Vars): string {
  return translate(page.data, page.data.locale ?? 'en', key, vars)
}

/** How this page writes dates, numbers and money, for Intl: as the account's region does. */
export const locale = (): string => page.data.regionalLocale ?? 'en-US'
