/** Serves the built pages, each with what it needs of its request: the operations, the portal, the language, its form. */
import type { FastifyRequest } from 'fastify'
import type { AppOptions } from './app.ts'
import { localeFor } from './features/accounts/regions/rules.ts'
import type { Api } from './operations.ts'
import type { HttpServer } from './platform/http.ts'
import { createPageForms } from './platform/http/page-forms.ts'
import { applyOutcome, createPageOutcomes } from './platform/http/page-outcomes.ts'
import type { PendingEffect } from './platform/http/session-cookies.ts'
import { pageBodyLimit, registerPages } from './platform/pages.ts'

/** Pages whose forms carry files: in the portal a booking, an edit and an open job; in the office a new job and an open one. */
const PORTAL_FILE_FORMS = /^(?:\/p\/[^/]+)?\/jobs\/(?:new\/[^/]+|[^/]+(?:\/edit)?)$/
const OFFICE_FILE_FORMS = /^\/office\/[^/]+\/jobs(?:\/[^/]+)?$/
const FILE_FORM_LIMIT = 110 * 1024 * 1024

export async function addPages(
  { config, translations, demo, log }: AppOptions,
  buildFolder: string,
  { app: http, apiFor, applyEffects, receivePageForm }: HttpServer,
): Promise<void> {
  const toApply = new WeakMap<object, { effects: PendingEffect[]; outcomes: ReturnType<typeof createPageOutcomes> }>()
  const context = (request: FastifyRequest) => {
    const requestApi = apiFor(request)
    const outcomes = createPageOutcomes(request)
    const acceptLanguage = request.headers['accept-language']
    const locale = translations.choose(acceptLanguage)
    const pageContext = {
      api: requestApi.api as unknown as Api,
      ...portalOf(request),
      startUrl: request.hostScope.surface === 'portal' ? config.publicUrl.href : '/',
      locale,
      regionalLocale: localeFor(acceptLanguage),
      requestId: request.id,
      ...createPageForms(request, requestApi.effects),
      outcome: outcomes.outcome,
      leaveOutcome: outcomes.leaveOutcome,
      reportError: (error: unknown) => log.error({ err: error, requestId: request.id }, 'A page failed'),
      demo,
      sendsMail: config.smtpUrl !== null || demo !== null,
      words: (branches: readonly string[]) => translations.branch(locale, branches),
      t: (key: string, vars?: Record<string, unknown>) => translations.t(locale, key, vars),
    }
    toApply.set(pageContext, { effects: requestApi.effects, outcomes })
    return pageContext
  }
  await registerPages(http, {
    buildFolder,
    context,
    origin: (request) => request.externalOrigin,
    bodyLimit: (request) => bodyLimitOf(request, apiFor),
    receiveForm: receivePageForm,
    after: (request, reply, pageContext) => {
      const { effects, outcomes } = toApply.get(pageContext)!
      applyEffects(request, reply, effects)
      applyOutcome(request, reply, outcomes)
    },
  })
}

/** The portal of a page: of its host, of its path on the main host, or of a portal view there. */
function portalOf({ hostScope, url, caller: { portalView, addresses } }: FastifyRequest) {
  const isPortalPath = hostScope.surface === 'main' && (url.startsWith('/p/') || portalView !== undefined)
  const slug = isPortalPath ? addresses.portal : undefined
  const path = portalView ? `/office/${slug}/as/${portalView}` : `/p/${slug}`
  return {
    surface: slug ? ('portal' as const) : hostScope.surface,
    portal: hostScope.portal ?? slug ?? null,
    base: slug ? path : '',
    view: (slug && portalView) || null,
  }
}

/** Forms with files, for signed-in users: three photos of 30 MB, or ten files. Everything else stays small. */
async function bodyLimitOf(request: FastifyRequest, apiFor: HttpServer['apiFor']): Promise<number> {
  const path = request.url.split('?')[0]!
  const { api } = apiFor(request)
  const findCaller = OFFICE_FILE_FORMS.test(path)
    ? api.getOffice!
    : PORTAL_FILE_FORMS.test(path)
      ? api.getPortalProfile!
      : null
  if (!findCaller) return pageBodyLimit
  return findCaller().then(
    () => FILE_FORM_LIMIT,
    () => pageBodyLimit,
  )
}
