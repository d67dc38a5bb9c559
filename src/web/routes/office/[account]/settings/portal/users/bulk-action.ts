/** The form below the list of portal users with ticks: one change for all of them. */
import { writeBulkOutcome, type BulkReport } from '../../../../../../../features/portal-users/ui/bulk-outcome.ts'
import { attempt, readForm, type Typed } from '../../../../../../../ui/forms.ts'
import { withQuery } from '../../../../../../../ui/query.ts'

const CHANGES = ['group', 'suspend', 'reactivate', 'resend', 'remove'] as const

export async function changeSelected({ request, locals, url }: { request: Request; locals: App.Locals; url: URL }) {
  const typed = await readForm(request)
  const change = CHANGES.find((each) => each === typed.string('change'))!
  const { failure, output } = await attempt(
    locals,
    typed,
    () =>
      locals.api.changePortalUsers({
        users: typed.all('ids'),
        change,
        ...(change === 'group' && { group: groupOf(typed) }),
      }),
    'bulk',
  )
  if (failure) return failure
  const report = writeBulkOutcome({ changed: output.changed, refused: refusals(output.rows, locals) })
  return locals.finish(withQuery(url, { cursor: url.searchParams.get('cursor'), ...report }))
}

/** Undefined without a choice, which is refused. */
function groupOf(typed: Typed): string | null | undefined {
  const group = typed.text('group')
  return group === 'default' ? null : group
}

type Rows = Awaited<ReturnType<App.Locals['api']['changePortalUsers']>>['rows']

/** Those who stayed as they were, by the reason in words. */
function refusals(rows: Rows, { t }: App.Locals): BulkReport['refused'] {
  const byReason = Map.groupBy(
    rows.filter((row) => !row.changed),
    ({ problem }) => t(`problems.${problem}`, { seconds: 60 }),
  )
  return [...byReason].map(([reason, refused]) => ({ reason, users: refused.map(({ id }) => id) }))
}
