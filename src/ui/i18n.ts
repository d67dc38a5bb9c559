/**
 * `t()` for screens: a few lines over the words that the page was sent, in the same catalogue format as the server's.
 * The server chose the language and filled the gaps from English already.
 */
import { page } from '$app/state'
import { translate, type Vars } from './i18n-server.ts'

/** The words under `key` (`jobs.portal.title`) with `{{name}}` filled from vars; `count` chooses the plural form. */
export function t(key: string, vars?: Vars): string {
  return translate(page.data, page.data.locale ?? 'en', key, vars)
}

/** How this page writes dates, numbers and money, for Intl: as the account's region does. */
export const locale = (): string => page.data.regionalLocale ?? 'en-US'
