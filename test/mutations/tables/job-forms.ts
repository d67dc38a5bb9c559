/** The forms of the office's job and message pages: a button that no longer calls its operation. */
import { idleForm, type Mutation } from '../mutation.ts'

const tests = 'test/job-forms.test.ts'

export const jobForms: Mutation[] = [
  idleForm({
    name: 'idle-create-job',
    covers: ['V-50'],
    file: 'src/web/routes/office/[account]/jobs/new/+page.server.ts',
    operation: 'locals.api.createJob',
    output: "{ id: '' }",
    tests: { [tests]: ['"Create job" stores what was typed'] },
  }),
  idleForm({
    name: 'idle-update-job',
    covers: ['E-41'],
    file: 'src/web/routes/office/[account]/jobs/[job]/edit/+page.server.ts',
    operation: 'locals.api.updateJob',
    tests: { [tests]: ['"Save changes" stores the edited job'] },
  }),
  idleForm({
    name: 'idle-schedule-job',
    covers: ['E-40'],
    file: 'src/web/routes/office/[account]/jobs/job-actions.ts',
    operation: 'api.scheduleJob',
    tests: { [tests]: ['"Assign and schedule" assigns the worker and sets the time'] },
  }),
  idleForm({
    name: 'idle-change-job-status',
    covers: ['E-40'],
    file: 'src/web/routes/office/[account]/jobs/job-actions.ts',
    operation: 'event.locals.api.changeJobStatus',
    tests: { [tests]: ['"Start job" starts it'] },
  }),
  idleForm({
    name: 'idle-cancel-job',
    covers: ['V-56'],
    file: 'src/web/routes/office/[account]/jobs/job-actions.ts',
    operation: 'event.locals.api.cancelJob',
    tests: { [tests]: ['"Cancel job" asks for a reason'] },
  }),
  idleForm({
    name: 'idle-reinstate-job',
    covers: ['V-56'],
    file: 'src/web/routes/office/[account]/jobs/job-actions.ts',
    operation: 'event.locals.api.reinstateJob',
    tests: { [tests]: ['"Cancel job" asks for a reason, and "Reopen job" asks first'] },
  }),
  idleForm({
    name: 'idle-delete-job',
    covers: ['V-56'],
    file: 'src/web/routes/office/[account]/jobs/job-actions.ts',
    operation: 'event.locals.api.deleteJob',
    tests: { [tests]: ['"Delete job" asks first and leads to the list'] },
  }),
  idleForm({
    name: 'idle-add-job-comment',
    covers: ['PS-29'],
    file: 'src/web/routes/office/[account]/jobs/job-actions.ts',
    operation: 'event.locals.api.addJobComment',
    tests: { [tests]: ['"Add comment" adds it for the chosen readers'] },
  }),
  idleForm({
    name: 'idle-remove-job-file',
    covers: ['PS-22'],
    file: 'src/web/routes/office/[account]/jobs/job-actions.ts',
    operation: 'event.locals.api.removeJobFile',
    tests: { [tests]: ['"Delete file" asks first'] },
  }),
  idleForm({
    name: 'idle-resend-message',
    covers: ['PS-44'],
    file: 'src/web/routes/office/[account]/messages/[message]/+page.server.ts',
    operation: 'locals.api.resendMessage',
    tests: { [tests]: ['"Resend message" sends a failed message'] },
  }),
  idleForm({
    name: 'idle-copy-invitation-link',
    covers: ['PS-44'],
    file: 'src/web/routes/office/[account]/messages/[message]/+page.server.ts',
    operation: 'locals.api.copyInvitationLink',
    output: "{ link: '' }",
    tests: { [tests]: ['"Show invitation link" asks first'] },
  }),
  idleForm({
    name: 'idle-mark-comments-read',
    covers: ['issue 9, 1.5'],
    file: 'src/web/routes/office/[account]/jobs/job-actions.ts',
    operation: 'event.locals.api.markCommentsRead',
    tests: { [tests]: ['"Mark as read" marks a customer’s comments as read'] },
  }),
]
