/** Jobs in office and portal: transitions, rights, fields, lists. */
import type { Mutation } from '../mutation.ts'

export const jobs: Mutation[] = [
  {
    name: 'status-outside-the-table',
    covers: ['E-40', 'issue 9, 2.4'],
    file: 'src/features/jobs/transitions/rules.ts',
    from: `  { from: ['canceled'], to: 'unassigned', who: ['dispatcher'] },
`,
    to: `  { from: ['canceled'], to: 'unassigned', who: ['dispatcher'] },
  { from: ['canceled'], to: 'started', who: ['dispatcher'] },
`,
    tests: { 'src/features/jobs/status/status.test.ts': ['E-40 every pair of statuses is allowed'] },
  },
  {
    name: 'status-of-the-table-missing',
    covers: ['E-40'],
    file: 'src/features/jobs/transitions/rules.ts',
    from: `  { from: ['paused'], to: 'started', who: ['worker', 'dispatcher'] },
`,
    to: '',
    tests: { 'src/features/jobs/status/status.test.ts': ['E-40 every pair of statuses is allowed'] },
  },
  {
    name: 'worker-cancels',
    covers: ['E-40'],
    file: 'src/features/jobs/transitions/rules.ts',
    from: "  { from: ['started', 'paused'], to: 'canceled', who: ['dispatcher'] },",
    to: "  { from: ['started', 'paused'], to: 'canceled', who: ['dispatcher', 'worker'] },",
    tests: { 'src/features/jobs/status/status.test.ts': ['E-40 every pair of statuses is allowed'] },
  },
  {
    name: 'dispatcher-reopens',
    covers: ['E-40'],
    file: 'src/features/jobs/transitions/rules.ts',
    from: "{ from: ['completed'], to: 'started', who: ['manager'], reason: 'required' }",
    to: "{ from: ['completed'], to: 'started', who: ['manager', 'dispatcher'], reason: 'required' }",
    tests: { 'src/features/jobs/status/status.test.ts': ['E-40 every pair of statuses is allowed'] },
  },
  {
    name: 'declining-without-reason',
    covers: ['E-40', 'V-54'],
    file: 'src/features/jobs/transitions/rules.ts',
    from: "{ from: ['pending'], to: 'declined', who: ['worker'], reason: 'required' }",
    to: "{ from: ['pending'], to: 'declined', who: ['worker'] }",
    tests: { 'src/features/jobs/status/status.test.ts': ['E-40 reopening and declining ask for a reason'] },
  },
  {
    name: 'canceling-keeps-the-times',
    covers: ['V-56', 'E-51'],
    file: 'src/features/jobs/status/rules.ts',
    from: 'canceled_at: now, scheduled_at: null, started_at: null',
    to: 'canceled_at: now',
    tests: { 'src/features/jobs/status/status.test.ts': ['V-56 E-51 canceling clears the times'] },
  },
  {
    name: 'cleared-times-are-forgotten',
    covers: ['E-51'],
    file: 'src/features/jobs/status/rules.ts',
    from: `...(Object.keys(cleared).length > 0
`,
    to: `...(Object.keys(cleared).length > 9
`,
    tests: {
      'src/features/jobs/status/status.test.ts': ['V-56 E-51 canceling clears the times and keeps them in the history'],
    },
  },
  {
    name: 'declined-job-keeps-its-worker',
    covers: ['E-52'],
    file: 'src/features/jobs/status/rules.ts',
    from: `    ...(to === 'unassigned' && { worker_id: null }),
`,
    to: '',
    tests: {
      'src/features/jobs/status/status.test.ts': [
        'V-56 E-51 canceling clears the times and keeps them in the history; reinstating leaves the job unassigned',
      ],
    },
  },
  {
    name: 'stale-page-changes-status',
    covers: ['E-41'],
    file: 'src/features/jobs/office/status/handlers.ts',
    from: `      ctx.allow(mayTransition(ctx.actor, job, input.to))
      checkVersion(job!, input.version)
`,
    to: `      ctx.allow(mayTransition(ctx.actor, job, input.to))
`,
    tests: {
      'src/features/jobs/status/status.test.ts': ['E-41 a change of status from a page that was opened before'],
    },
  },
  {
    name: 'stale-page-assigns',
    covers: ['E-41'],
    file: 'src/features/jobs/office/status/handlers.ts',
    from: `      checkVersion(job!, version)
      return assign(`,
    to: '      return assign(',
    tests: { 'src/features/jobs/status/status.test.ts': ['E-41 of two dispatchers who assign the same job at once'] },
  },
  {
    name: 'worker-of-another-business',
    covers: ['PS-36'],
    file: 'src/features/jobs/office/status/handlers.ts',
    from: `  if (worker && !(await isActiveStaff(ctx.db, ctx.account.id, worker)))
    throw problem('input', { fields: { worker: 'choice' } })
`,
    to: '',
    tests: {
      'src/features/jobs/office/office.test.ts': ['PS-36 customers, templates, sites and workers of another business'],
    },
  },
  {
    name: 'worker-plans',
    covers: ['PS-37'],
    file: 'src/features/jobs/office/status/handlers.ts',
    from: "    if (!isOffice && input[key]) fieldErrors[key] = 'unknown'",
    to: "    if (isOffice && !input.to) fieldErrors[key] = 'unknown'",
    tests: {
      'src/features/jobs/office/office.test.ts': [
        'a worker sees the jobs given and released to them, and plans nothing',
      ],
    },
  },
  {
    name: 'dispatcher-deletes',
    covers: ['V-56'],
    file: 'src/features/jobs/office/editing/handlers.ts',
    from: 'ctx.allow(job ? mayDeleteJob(ctx.actor) : maySeeJob(ctx.actor, job))',
    to: 'ctx.allow(job ? mayRunJobs(ctx.actor) : maySeeJob(ctx.actor, job))',
    tests: { 'src/features/jobs/office/office.test.ts': ['only owner and admin delete'] },
  },
  {
    name: 'customer-cancels-a-started-job',
    covers: ['E-41', 'V-56'],
    file: 'src/features/jobs/portal/editing/handlers.ts',
    from: `      checkStillPossible(job!, 'cancel', 'cancelingClosed')
`,
    to: '',
    tests: { 'src/features/jobs/status/status.test.ts': ['E-41 a cancellation that meets a start loses'] },
  },
  {
    name: 'customer-deletes-a-planned-job',
    covers: ['V-56'],
    file: 'src/features/jobs/rules.ts',
    from: "      return status === 'unassigned' ? null : 'planned'",
    to: "      return status === 'unassigned' || status === 'assigned' ? null : 'planned'",
    tests: { 'src/features/jobs/portal/editing/editing.test.ts': ['V-56 canceling keeps the job in the list'] },
  },
  {
    name: 'link-permission-ignored',
    covers: ['V-21', 'E-60'],
    file: 'src/features/jobs/policy.ts',
    from: 'return hasPermissionFor(actor, portal, ACTIONS[action].permission, job.customer_id) ? yes : no(ACTIONS[action].code)',
    to: 'return portal.permissions[ACTIONS[action].permission] ? yes : no(ACTIONS[action].code)',
    tests: { 'src/features/jobs/portal/editing/editing.test.ts': ['V-21 E-60 what a link does not permit'] },
  },
  {
    name: 'stale-page-edits-in-portal',
    covers: ['E-41'],
    file: 'src/features/jobs/portal/editing/handlers.ts',
    from: `      checkVersion(job!, input.version)
`,
    to: '',
    tests: {
      'src/features/jobs/portal/editing/editing.test.ts': [
        'E-41 an edit from a page that was opened before another change',
      ],
    },
  },
  {
    name: 'hidden-fields-reach-customers',
    covers: ['PS-32', 'V-28'],
    file: 'src/features/templates/fields/rules.ts',
    from: "  return viewFields(fields, 'portal').fields.map(",
    to: "  return viewFields(fields, 'office').fields.map(",
    tests: {
      'src/features/templates/fields/fields.test.ts': ['V-28 PS-32 hidden fields and worker permissions are left out'],
    },
  },
  {
    name: 'portal-rows-with-everything',
    covers: ['issue 9, 1.18'],
    file: 'src/features/jobs/portal/rules.ts',
    from: "  const hasDetails = include === 'details'",
    to: '  const hasDetails = include !== undefined || true',
    tests: {
      'src/features/jobs/portal/rows/rows.test.ts': [
        'has what the list shows; `details` adds the rest; what there is none of is left out',
      ],
    },
  },
  {
    name: 'office-rows-with-everything',
    covers: ['issue 9, 1.18'],
    file: 'src/features/jobs/office/rules.ts',
    from: "  const hasDetails = include === 'details'",
    to: '  const hasDetails = include !== undefined || true',
    tests: {
      'src/features/jobs/office/office.test.ts': ['a row of the list has what the list shows; `details` adds the rest'],
    },
  },
  {
    name: 'staff-names-are-always-full',
    covers: ['E-66'],
    file: 'src/features/jobs/rules.ts',
    from: "  return rule === 'full' ? known : known.split(/\\s+/)[0]!",
    to: '  return rule ? known : known.split(/\\s+/)[0]!',
    tests: { 'src/features/jobs/portal/portal.test.ts': ['E-66 staff are named as the business chose'] },
  },
  {
    name: 'email-address-as-a-name',
    covers: ['E-66'],
    file: 'src/features/jobs/rules.ts',
    from: "const known = name && !name.includes('@') ? name.trim() : ''",
    to: "const known = name ? name.trim() : ''",
    tests: {
      'src/features/jobs/status/status.test.ts': [
        'a waiting job shows where it stopped, and an email address never replaces a name',
      ],
    },
  },
  {
    name: 'list-skips-a-row-between-pages',
    covers: ['PS-12'],
    file: 'src/platform/paging.ts',
    from: 'next: last && hasNext ? cursorOf(last) : null',
    to: 'next: last && hasNext ? cursorOf(read[limit] ?? last) : null',
    tests: { 'src/features/jobs/portal/portal.test.ts': ['customers newest first without a gap'] },
  },
  {
    name: 'search-text-of-hidden-fields',
    covers: ['PS-14', 'PS-15'],
    file: 'src/features/templates/fields/rules.ts',
    from: '.flatMap((field) => selectVisibleValues([field], values, audience)[field.id] ?? [])',
    to: '.flatMap((field) => (audience && values[field.id] ? [String(values[field.id])] : []))',
    tests: {
      'src/features/templates/fields/fields.test.ts': [
        'PS-14 PS-15 search text for customers holds no text of hidden fields',
      ],
    },
  },
  {
    name: 'field-hidden-later-stays-searchable',
    covers: ['PS-14', 'PS-15'],
    file: 'src/features/templates/handlers.ts',
    from: 'if (visibleFieldIds(row.fields) !== visibleFieldIds(next.fields)) await refoldJobs',
    to: 'if (visibleFieldIds(row.fields) === visibleFieldIds(next.fields)) await refoldJobs',
    tests: { 'src/features/jobs/portal/portal.test.ts': ['PS-14 PS-15 a field hidden later cannot be searched for'] },
  },
  {
    name: 'postponed-job-looks-requested',
    covers: ['V-31'],
    file: 'src/features/jobs/rules.ts',
    from: "  postponed: 'waiting',",
    to: "  postponed: 'requested',",
    tests: { 'src/features/jobs/status/status.test.ts': ['a waiting job shows where it stopped'] },
  },
  {
    name: 'internal-note-is-for-customers',
    covers: ['PS-29', 'PS-30'],
    file: 'src/features/jobs/office/editing/handlers.ts',
    from: "audience: 'internal' as const, body: input.note",
    to: "audience: 'customer' as const, body: input.note",
    tests: {
      'src/features/jobs/office/office.test.ts': ['creates a job with answers, a worker, a time and an internal note'],
    },
  },
]
