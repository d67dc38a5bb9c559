import type { RecordKind } from '../../../../../../../features/access/rules.ts'
import type { PageServerLoad } from './$types'

/** Who sees a job or ticket, and why; `?user=` adds a portal user of whichever customer. */
export const load: PageServerLoad = async ({ locals, params, url }) => {
  const kind = params.kind as RecordKind
  const user = url.searchParams.get('user') || undefined
  const answer = await locals.api.explainRecordAccess({ kind, record: params.record, user })
  return {
    ...locals.words('access', 'portal-users.groups'),
    title: locals.t(`access.record.title.${kind}`, { number: answer.number }),
    kind,
    record: params.record,
    answer,
  }
}
