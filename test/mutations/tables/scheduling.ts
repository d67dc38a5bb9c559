/** Warnings before a visit is planned, and taking back a change of a job. */
import { idleForm, type Mutation } from '../mutation.ts'

const forms = 'test/scheduling-forms.test.ts'
const schedule = 'src/features/jobs/schedule/schedule.test.ts'
const journeys = 'test/e2e/job-changes.e2e.ts'
const undo = 'src/features/jobs/undo/undo.test.ts'

export const scheduling: Mutation[] = [
  {
    name: 'adjacent-visits-overlap',
    covers: ['1.7'],
    file: 'src/features/jobs/schedule/queries.ts',
    from: 'and scheduled_at < ${end}',
    to: 'and scheduled_at <= ${end}',
    tests: {
      [schedule]: ['finds visits of the same worker that overlap, and neither adjacent ones nor those of others'],
    },
  },
  {
    name: 'long-visits-never-overlap',
    covers: ['1.7'],
    file: 'src/features/jobs/schedule/queries.ts',
    from: "interval '10 days'",
    to: "interval '1 day'",
    tests: { [schedule]: ['a visit that began days ago and is still going on overlaps'] },
  },
  {
    name: 'past-is-usual',
    covers: ['1.7'],
    file: 'src/features/jobs/schedule/handlers.ts',
    from: 'past: start! < ctx.now',
    to: 'past: start! > ctx.now',
    tests: { [schedule]: ['says that a start is in the past'] },
  },
  {
    name: 'visits-end-after-work',
    covers: ['1.7'],
    file: 'src/features/jobs/schedule/rules.ts',
    from: ' && end.time <= hours.to',
    to: '',
    tests: {
      [schedule]: ['says what is outside of working hours, Monday to Friday 08:00 to 18:00 unless set otherwise'],
    },
  },
  {
    name: 'saved-without-warning',
    covers: ['1.7'],
    file: 'src/web/routes/office/[account]/jobs/visit-warnings.ts',
    from: 'if (warnings.length === 0)',
    to: 'if (warnings.length >= 0)',
    tests: {
      [forms]: [
        'says which visit of the worker it overlaps, and saves it once it is confirmed',
        'warns before a job is created',
        'warns when a scheduled job is given to a worker who has a visit then',
      ],
    },
  },
  {
    name: 'no-visit-without-a-worker-is-confirmed',
    covers: ['1.7'],
    file: 'src/web/routes/office/[account]/jobs/visit-warnings.ts',
    from: 'minutes, worker].join()',
    to: "minutes, worker].join(' ')",
    tests: { [forms]: ['saves a visit without a worker once it is confirmed'] },
  },
  {
    name: 'confirmed-for-any-visit',
    covers: ['1.7'],
    file: 'src/web/routes/office/[account]/jobs/visit-warnings.ts',
    from: "typed.string('confirmed') === confirmed",
    to: "typed.string('confirmed') !== ''",
    tests: { [forms]: ['asks again when the visit is changed instead'] },
  },
  {
    name: 'working-hours-not-saved',
    covers: ['1.7'],
    file: 'src/features/accounts/queries.ts',
    from: 'work_ends: input.workingHours.to',
    to: 'work_ends: undefined',
    tests: { [forms]: ['"Save changes" keeps the working hours'] },
  },
  idleForm({
    name: 'idle-undo',
    covers: ['1.7'],
    file: 'src/web/routes/office/[account]/jobs/job-actions.ts',
    operation: 'event.locals.api.undoJobChange',
    tests: { [forms]: ['is undone by the button beside its outcome, on the page and in the panel'] },
  }),
  {
    name: 'undo-of-the-last-step-only',
    covers: ['1.7'],
    file: 'src/features/jobs/office/status/handlers.ts',
    from: 'assign(ctx, timed, assignment, job!)',
    to: 'assign(ctx, timed, assignment)',
    tests: {
      [forms]: ['of worker and time together is undone together'],
      [undo]: ['brings back status, worker and times'],
    },
  },
  {
    name: 'undo-by-others',
    covers: ['1.7'],
    file: 'src/features/jobs/undo/rules.ts',
    from: ' || undo.actor !== actor',
    to: '',
    tests: { [undo]: ['is for the person who made the change, for a minute, while nothing has changed since'] },
  },
  {
    name: 'undo-for-ever',
    covers: ['1.7'],
    file: 'src/features/jobs/undo/rules.ts',
    from: '<= UNDO_MS',
    to: '>= 0',
    tests: { [undo]: ['is for the person who made the change, for a minute, while nothing has changed since'] },
  },
  {
    name: 'undo-is-not-in-emails',
    covers: ['1.7'],
    file: 'src/features/jobs/office/status/handlers.ts',
    from: 'recordChange(ctx.db, job, after, stamp, ctx.newId),',
    to: '',
    tests: { [undo]: ['is emailed itself when the change was'] },
  },
  {
    name: 'undo-is-not-in-history',
    covers: ['1.7'],
    file: 'src/features/jobs/office/status/handlers.ts',
    from: 'historyOfUndo(job, after, assignment)',
    to: 'historyOfUndo(job, job, undefined)',
    tests: { [undo]: ['is kept in the history, for the customer where they had seen the change'] },
  },
  {
    name: 'undo-stays-in-view',
    covers: ['1.7'],
    file: 'src/features/jobs/office/ui/UndoChange.svelte',
    from: 'seconds > 0',
    to: 'seconds > -99',
    tests: { [journeys]: ['is offered for ten seconds, which wait while it is pointed at'] },
  },
  {
    name: 'changes-elsewhere-unsaid',
    covers: ['1.7'],
    file: 'src/features/jobs/office/ui/ChangedElsewhere.svelte',
    from: 'current.version > job.version',
    to: 'current.version < job.version',
    tests: { [journeys]: ['looked at again, and keeps what is typed'] },
  },
  {
    name: 'declined-in-two-steps',
    covers: ['1.7', 'E-40'],
    file: 'src/features/jobs/rules.ts',
    from: "'postponed', 'declined'] as const",
    to: "'postponed'] as const",
    tests: { [undo]: ['goes to another worker in one step'], [forms]: ['is assigned and scheduled in one step'] },
  },
]
