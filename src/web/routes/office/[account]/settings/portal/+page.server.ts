import {
  PERMISSIONS,
  type LockMode,
  type Permissions,
  type VisitorPreset,
} from '../../../../../../features/identity/rules.ts'
import { confirmAccess, previewAccess } from '../../../../../confirm-access.ts'
import { attempt, readForm, type Typed } from '../../../../../../ui/forms.ts'
import { paths } from '../../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => {
  const settings = await locals.api.getPortalSettings()
  const isAsked = url.searchParams.get('confirm') === 'off'
  const { version } = settings
  return {
    ...locals.words('portal.office', 'notifications.settings', 'access-preview'),
    title: locals.t('portal.office.title'),
    settings,
    checklist: await locals.api.getPortalChecklist(),
    accessPreview: isAsked ? await previewAccess(locals, 'updatePortalSettings', { version, enabled: false }) : null,
  }
}

export const actions: Actions = {
  save: async (event) => {
    const { request, locals, params } = event
    const typed = await readForm(request)
    const input = { version: typed.number('version') ?? 0, ...enteredSettings(typed) }
    const asked = await confirmAccess(event, typed, { operation: 'updatePortalSettings', input })
    if (asked) return asked
    const { failure } = await attempt(locals, typed, () => locals.api.updatePortalSettings(input))
    if (failure) return failure
    locals.finish(paths.office(params.account).portalSettings({ done: 'saved' }))
  },
  /** `move` = `up:<id>` or `down:<id>`. Only the form changes: it comes back as it was entered, to be saved as a whole. */
  order: async ({ request }) => {
    const typed = await readForm(request)
    const order = typed.all('order')
    const [way, id] = typed.string('move').split(':')
    const from = order.indexOf(id ?? '')
    const to = way === 'up' ? from - 1 : from + 1
    if (from >= 0 && order[to] !== undefined) [order[from], order[to]] = [order[to]!, order[from]!]
    return { form: 'form', values: { ...typed.values, order }, problem: undefined }
  },
  turnOn: (event) => switchPortal(event, true),
  turnOff: (event) => switchPortal(event, false),
  address: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure, output } = await attempt(
      locals,
      typed,
      () => locals.api.changePortalAddress({ slug: typed.string('slug') }),
      'address',
    )
    if (failure) return failure
    locals.finish(paths.office(output.slug).portalSettings(output.slug === params.account ? {} : { done: 'moved' }))
  },
}

/** The switch is no part of the form: turning the portal off is asked first. */
async function switchPortal(event: Parameters<Actions[string]>[0], enabled: boolean) {
  const { request, locals, params } = event
  const typed = await readForm(request)
  const version = typed.number('version') ?? 0
  const change = { operation: 'updatePortalSettings' as const, input: { enabled, version } }
  const label = locals.t('portal.office.turnOn')
  const asked = enabled && (await confirmAccess(event, typed, change, { form: 'switch', confirmLabel: label }))
  if (asked) return asked
  const { failure } = await attempt(locals, typed, () => locals.api.updatePortalSettings({ enabled, version }))
  if (failure) return failure
  locals.finish(paths.office(params.account!).portalSettings({ done: enabled ? 'on' : 'off' }))
}

/** The settings of the full form. Browsers do not send unchecked boxes, so an absent one means no. */
function enteredSettings(typed: Typed) {
  const flags = (group: string) =>
    Object.fromEntries(PERMISSIONS.map((name) => [name, typed.ticked(`${group}.${name}`)])) as Permissions
  const signUpField = (name: string) => typed.string(`signUpFields.${name}`) as 'off' | 'optional' | 'required'
  const order = typed.all('order')
  return {
    public: typed.ticked('public'),
    name: typed.text('name') ?? null,
    introduction: typed.string('introduction'),
    signUpFields: {
      name: 'required' as const,
      phone: signUpField('phone'),
      company: signUpField('company'),
      address: signUpField('address'),
    },
    signUpDomains: typed
      .string('signUpDomains')
      .split(/[\s,;]+/)
      .filter(Boolean),
    blockedEmails: typed
      .string('blockedEmails')
      .split(/[\s,;]+/)
      .filter(Boolean),
    switches: flags('switches'),
    permissions: flags('permissions'),
    templates: typed.all('templates').sort((a, b) => order.indexOf(a) - order.indexOf(b)),
    hideJobsOfOtherTemplates: typed.ticked('hideJobsOfOtherTemplates'),
    severalJobs: typed.ticked('severalJobs'),
    requestedStart: typed.ticked('requestedStart'),
    createCustomers: typed.ticked('createCustomers'),
    staffNames: typed.string('staffNames') as 'full' | 'first' | 'business',
    confirmBookings: typed.ticked('confirmBookings'),
    mailOnRemoval: typed.ticked('mailOnRemoval'),
    lockMode: typed.string('lockMode') as LockMode,
    visitors: typed.string('visitors') as VisitorPreset,
    countUnclaimed: typed.ticked('countUnclaimed'),
    recordLinksAlone: typed.ticked('recordLinksAlone'),
    linkDays: typed.number('linkDays') ?? 0,
    ...emailSwitches(typed),
  }
}

function emailSwitches(typed: Typed) {
  const ticketSwitches = (to: 'customerEmails' | 'staffEmails') => ({
    ticketCreated: typed.ticked(`${to}.ticketCreated`),
    ticketReplied: typed.ticked(`${to}.ticketReplied`),
    ticketMoved: typed.ticked(`${to}.ticketMoved`),
  })
  return {
    customerEmails: {
      scheduled: typed.ticked('customerEmails.scheduled'),
      rescheduled: typed.ticked('customerEmails.rescheduled'),
      canceled: typed.ticked('customerEmails.canceled'),
      completed: typed.ticked('customerEmails.completed'),
      commented: typed.ticked('customerEmails.commented'),
      ...ticketSwitches('customerEmails'),
    },
    staffEmails: {
      booked: typed.ticked('staffEmails.booked'),
      commented: typed.ticked('staffEmails.commented'),
      edited: typed.ticked('staffEmails.edited'),
      canceled: typed.ticked('staffEmails.canceled'),
      ...ticketSwitches('staffEmails'),
      ticketAssigned: typed.ticked('staffEmails.ticketAssigned'),
    },
  }
}
