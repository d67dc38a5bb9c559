/** What the office's job page shows first, and links that call people and open maps. */
import type { Mutation } from '../mutation.ts'

const tests = 'test/job-page.test.ts'
const REACHABLE = "every page of a portal has the business's phone and email, refusals too"

export const jobPage: Mutation[] = [
  {
    name: 'unanswered-in-view',
    covers: ['1.12'],
    file: 'src/features/jobs/office/ui/job-details.ts',
    from: '(field) => !isEmpty(field)',
    to: '() => true',
    tests: { [tests]: ['shows answers, and folds questions without one behind their number'] },
  },
  {
    name: 'questions-counted-with-sections',
    covers: ['1.12'],
    file: 'src/features/jobs/office/ui/JobPage.svelte',
    from: "answers.unanswered.filter((field) => field.type !== 'section').length",
    to: 'answers.unanswered.length',
    tests: { [tests]: ['shows answers, and folds questions without one behind their number'] },
  },
  {
    name: 'creator-not-among-facts',
    covers: ['1.12'],
    file: 'src/features/jobs/office/ui/JobDetails.svelte',
    from: '{createdBy(job, t)}',
    to: '',
    tests: { [tests]: ['says who created a job among its facts and not with its customer'] },
  },
  {
    name: 'via-portal-louder-than-status',
    covers: ['1.12'],
    file: 'src/features/jobs/office/ui/JobBadges.svelte',
    from: '<Badge tone="plain" icon="user">',
    to: '<Badge tone="warn" icon="user">',
    tests: { [tests]: ['tints no label but the status'] },
  },
  {
    name: 'contacts-without-phone-links',
    covers: ['1.8'],
    file: 'src/features/jobs/office/ui/CustomerContacts.svelte',
    from: 'href={telUrl(contact.phone)}',
    to: 'href="/"',
    tests: { [tests]: ['a job shows phones and emails of its contacts, to the office and to its worker'] },
  },
  {
    name: 'billing-phone-for-workers',
    covers: ['1.8', 'PS-14'],
    file: 'src/features/jobs/office/handlers.ts',
    from: 'office ? records!.billingPhone : null',
    to: 'records!.billingPhone',
    tests: { [tests]: ['a job shows phones and emails of its contacts, to the office and to its worker'] },
  },
  {
    name: 'map-without-coordinates',
    covers: ['1.8'],
    file: 'src/ui/contact-links.ts',
    from: 'latitude !== null && longitude !== null',
    to: 'latitude !== null && longitude === null',
    tests: { [tests]: ['a service address opens on a map, by its coordinates when it has some'] },
  },
  {
    name: 'extension-dialed-as-number',
    covers: ['1.8'],
    file: 'src/ui/contact-links.ts',
    from: "phone.replace(EXTENSION, '')",
    to: 'phone',
    tests: { [tests]: ['a job shows phones and emails of its contacts, to the office and to its worker'] },
  },
  {
    name: 'sign-in-pages-without-contact',
    covers: ['1.8'],
    file: 'src/features/portal-users/ui/PortalAuthLayout.svelte',
    from: 'phone={portal.supportPhone} email',
    to: 'phone={null} email',
    tests: { [tests]: [REACHABLE] },
  },
  {
    name: 'error-page-without-contact',
    covers: ['1.8'],
    file: 'src/web/routes/p/[portal]/+error.svelte',
    from: '(portal?.currentUser ?? portal?.visitor) ? contact',
    to: '!(portal?.currentUser ?? portal?.visitor) ? contact',
    tests: { [tests]: [REACHABLE] },
  },
  {
    name: 'refused-action-without-contact',
    covers: ['1.8'],
    file: 'src/features/jobs/portal/ui/JobPage.svelte',
    from: "{from.problem.detail ?? ''}<ContactLine {phone} {email} />",
    to: "{from.problem.detail ?? ''}",
    tests: { [tests]: ['a customer who is refused an action on a job is told how to reach the business'] },
  },
]
