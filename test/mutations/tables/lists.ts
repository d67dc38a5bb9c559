/** Lists: search, filters, order, pages, several rows at once. */
import { idleForm, type Mutation } from '../mutation.ts'

export const lists: Mutation[] = [
  {
    name: 'a-search-forgets-the-days-of-visits',
    covers: ['issue 9, 1.10'],
    file: 'src/features/jobs/office/counts/queries.ts',
    from: 'j.unread_comments, j.scheduled_at',
    to: 'j.unread_comments',
    tests: {
      'src/features/jobs/office/days/days.test.ts': ['counts the visits of a range of days also while searching'],
    },
  },
  {
    name: 'apostrophes-and-dashes-must-match',
    covers: ['issue 9, 1.10'],
    file: 'src/platform/fold.ts',
    from: `    .replaceAll(MARKS, '')
`,
    to: '',
    tests: {
      'src/features/jobs/search/as-written.test.ts': [
        ', in every list of office and portal',
        'messages are found by the name of who gets them',
        'the database folds names as the server does',
      ],
    },
  },
  {
    name: 'postcodes-need-their-space',
    covers: ['issue 9, 1.10'],
    file: 'src/platform/fold.ts',
    from: ".replaceAll(POSTCODE, '$1$2$3$4$5$6$7$8')",
    to: '',
    tests: { 'src/features/jobs/search/as-written.test.ts': [', in every list of office and portal'] },
  },
  {
    name: 'numbers-as-shown-find-nothing',
    covers: ['issue 9, 1.10'],
    file: 'src/features/jobs/search/queries.ts',
    from: ".replaceAll(SHOWN_NUMBER, '$1')",
    to: '',
    tests: { 'src/features/jobs/search/as-written.test.ts': ['a job is found by its number with “'] },
  },
  {
    name: 'no-way-back-to-the-page-before',
    covers: ['issue 9, 1.10'],
    file: 'src/platform/paging.ts',
    from: 'if (backward) rows.reverse()',
    to: '',
    tests: {
      'test/list-pages.test.ts': [
        'reads back the pages that it read onward',
        'rows that arrive meanwhile are on the pages before',
      ],
    },
  },
  {
    name: 'page-place-is-lost',
    covers: ['issue 9, 1.10'],
    file: 'src/ui/Pagination.svelte',
    from: 'start: String(start + count)',
    to: 'start: String(count)',
    tests: { 'test/list-pages.test.ts': [' say where each page is and lead to the next and the one before'] },
  },
  {
    name: 'resend-forgets-the-search',
    covers: ['issue 9, 1.10'],
    file: 'src/features/portal-users/ui/UserList.svelte',
    from: `<form method="post" action={actionUrl(page.url, 'resend')}`,
    to: `<form method="post" action="?/resend"`,
    tests: { 'test/portal-user-forms.test.ts': ['keep the search and the order of the list'] },
  },
  {
    name: 'day-filter-misses-the-last-day',
    covers: ['issue 9, 1.10'],
    file: 'src/features/jobs/office/days/rules.ts',
    from: 'startOfDay(addDays(last, 1), timeZone)',
    to: 'startOfDay(addDays(last, 0), timeZone)',
    tests: {
      'src/features/jobs/office/days/days.test.ts': [
        'lists and counts the visits of today, of tomorrow and of a range',
      ],
    },
  },
  {
    name: 'worker-order-ignores-names',
    covers: ['issue 9, 1.10'],
    file: 'src/features/jobs/office/queries.ts',
    from: "coalesce(sorting_worker.name, sorting_worker.email, '')",
    to: "case when sorting_worker.id is null then '' else '' end",
    tests: {
      'src/features/jobs/office/days/days.test.ts': ['sorts by customer, worker and step of the work, both ways'],
    },
  },
  {
    name: 'date-form-filters-nothing',
    covers: ['issue 9, 1.10'],
    file: 'src/web/routes/office/[account]/jobs/list-query.ts',
    from: "scheduledFrom: dayOf('since'),",
    to: 'scheduledFrom: undefined,',
    tests: { 'test/list-pages.test.ts': ['jobs are filtered by day with links and with a form, and their heads sort'] },
  },
  {
    name: 'refused-row-stays-half-done',
    covers: ['issue 9, 1.10'],
    file: 'src/features/jobs/office/bulk/handlers.ts',
    from: 'if (!isProblem(refusal)) throw refusal',
    to: 'if (!isProblem(refusal) || refusal.status > 0) throw refusal',
    tests: { 'src/features/jobs/office/bulk/bulk.test.ts': ['a job that refuses stays as it is and says why'] },
  },
  {
    name: 'bulk-ignores-what-to-do',
    covers: ['issue 9, 1.10'],
    file: 'src/features/jobs/office/bulk/handlers.ts',
    from: "return { operation: 'scheduleJob', input: { scheduled } }",
    to: "return { operation: 'scheduleJob', input: { scheduled: null } }",
    tests: { 'src/features/jobs/office/bulk/bulk.test.ts': ['assigns, schedules, moves and cancels each job'] },
  },
  {
    name: 'bulk-without-a-date-clears-it',
    covers: ['issue 9, 1.10'],
    file: 'src/web/routes/office/[account]/jobs/bulk-action.ts',
    from: "(localOf(typed, 'scheduled') ?? undefined)",
    to: "localOf(typed, 'scheduled')",
    tests: { 'test/job-forms.test.ts': ['are not changed by a button whose field is empty, and stay selected'] },
  },
  {
    name: 'bulk-without-a-worker-unassigns',
    covers: ['issue 9, 1.10'],
    file: 'src/web/routes/office/[account]/jobs/bulk-action.ts',
    from: 'return worker === NO_WORKER ? null : worker',
    to: 'return worker === NO_WORKER ? null : (worker ?? null)',
    tests: { 'test/job-forms.test.ts': ['are not changed by a button whose field is empty, and stay selected'] },
  },
  {
    name: 'refused-bulk-form-forgets-the-selection',
    covers: ['issue 9, 1.10'],
    file: 'src/ui/List.svelte',
    from: 'new SvelteSet<string>(bulk?.selected)',
    to: 'new SvelteSet<string>()',
    tests: { 'test/job-forms.test.ts': ['are not changed by a button whose field is empty, and stay selected'] },
  },
  idleForm({
    name: 'bulk-form-does-nothing',
    covers: ['issue 9, 1.10'],
    file: 'src/web/routes/office/[account]/jobs/bulk-action.ts',
    operation: 'locals.api.changeJobs',
    output:
      '{ changed: 2, rows: [] as { id: string; number: number | null; changed: boolean; problem: string | null }[] }',
    tests: {
      'test/job-forms.test.ts': [
        'are ticked, assigned, scheduled and moved, and the page says which of them refused',
        'are canceled with one reason, in a step of its own',
      ],
    },
  }),
  {
    name: 'export-forgets-the-filters',
    covers: ['issue 9, 1.10'],
    file: 'src/web/routes/office/[account]/jobs/+page.server.ts',
    from: "api('/jobs.csv', { ...filter, sort })",
    to: "api('/jobs.csv', { sort })",
    tests: { 'test/job-export.test.ts': ['has the rows of every page of the list'] },
  },
  {
    name: 'export-is-one-page',
    covers: ['issue 9, 1.10'],
    file: 'src/features/jobs/office/handlers.ts',
    from: 'limit: MAX_EXPORT_ROWS + 1',
    to: 'limit: 50',
    tests: { 'test/job-export.test.ts': ['has the rows of every page of the list'] },
  },
  {
    name: 'export-has-times-of-the-server',
    covers: ['issue 9, 1.10'],
    file: 'src/features/jobs/office/export/rules.ts',
    from: 'toSheetTime(moment, timeZone)',
    to: "toSheetTime(moment, 'UTC')",
    tests: {
      'test/job-export.test.ts': [
        "has the screen's words as headings, times of the business",
        'names statuses and requested times as the screen does',
      ],
    },
  },
  {
    name: 'cut-export-looks-whole',
    covers: ['issue 9, 1.10'],
    file: 'src/platform/csv.ts',
    from: 'const ending = count > MAX_EXPORT_ROWS ?',
    to: 'const ending = count > Infinity ?',
    tests: { 'src/platform/csv.test.ts': ['a file that leaves out rows says so in its name'] },
  },
  {
    name: 'export-is-not-in-the-audit',
    covers: ['issue 9, 1.10'],
    file: 'src/features/audit/rules.ts',
    from: "['customersExported', 'contactsExported', 'jobsExported']",
    to: "['customersExported', 'contactsExported']",
    tests: { 'src/features/audit/audit.test.ts': ['every table that leaves as a file is in the audit'] },
  },
  {
    name: 'bulk-cancel-drops-the-reason',
    covers: ['1.10'],
    file: 'src/features/jobs/office/bulk/handlers.ts',
    from: "operation: 'cancelJob', input: { reason }",
    to: "operation: 'cancelJob', input: {}",
    tests: { 'src/features/jobs/office/bulk/bulk.test.ts': ['assigns, schedules, moves and cancels each job'] },
  },
  {
    name: 'failed-steps-stay',
    covers: ['1.10'],
    file: 'src/platform/database/statements.ts',
    from: `    await undoStep(db)
    throw error`,
    to: '    throw error',
    tests: {
      'src/platform/database/statements.test.ts': [
        'a step that fails stores nothing, and what was stored before it stays',
      ],
    },
  },
]
