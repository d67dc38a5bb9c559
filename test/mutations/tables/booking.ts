/** Booking in the portal. */
import type { Mutation } from '../mutation.ts'

export const booking: Mutation[] = [
  {
    name: 'requested-time-becomes-the-schedule',
    covers: ['V-35', 'issue 9, 2.4'],
    file: 'src/features/jobs/booking/rules.ts',
    from: '  scheduled_at: null,',
    to: '  scheduled_at: requested.requested_at,',
    tests: {
      'src/features/jobs/booking/booking.test.ts': ['V-35 E-43 the requested time is separate from the schedule'],
    },
  },
  {
    name: 'automatic-customer-has-no-contact',
    covers: ['V-26', 'issue 9, 2.4'],
    file: 'src/features/jobs/booking/customer/queries.ts',
    from: `  await insertContact(db, account, user, ids, now)
`,
    to: `  if (!user) await insertContact(db, account, user, ids, now)
`,
    tests: {
      'src/features/jobs/booking/customer/customer.test.ts': [
        'V-26 the customer that a booking makes has a contact and a site',
      ],
    },
  },
  {
    name: 'automatic-customer-has-no-site',
    covers: ['V-26', 'issue 9, 2.4'],
    file: 'src/features/jobs/booking/customer/queries.ts',
    from: `  if (address)
    await db`,
    to: `  if (address && ids.site === ids.customer)
    await db`,
    tests: {
      'src/features/jobs/booking/customer/customer.test.ts': [
        'V-26 the customer that a booking makes has a contact and a site',
      ],
    },
  },
  {
    name: 'past-times-can-be-requested',
    covers: ['E-43'],
    file: 'src/features/jobs/booking/handlers.ts',
    from: `  if (isPast) fieldErrors.requested = { code: 'timePast', vars: { zone: zoneCity(timeZone) } }
`,
    to: '',
    tests: {
      'src/features/jobs/booking/booking.test.ts': ['V-35 E-43 the requested time is separate from the schedule'],
    },
  },
  {
    name: 'day-without-time-counts-as-noon',
    covers: ['issue 9, 1.9'],
    file: 'src/features/jobs/form/rules.ts',
    from: '  return { requested_at: at, requested_any_time: at !== null && local.time === undefined }',
    to: '  return { requested_at: at, requested_any_time: false }',
    tests: {
      'src/features/jobs/booking/requested-day.test.ts': [
        'a day without a time is a request for any time of that day, wherever it is shown',
        'today without a time can be requested at any hour, yesterday cannot',
      ],
    },
  },
  {
    name: 'form-without-time-sends-an-empty-time',
    covers: ['issue 9, 1.9'],
    file: 'src/web/requested-start.ts',
    from: '...(time && { time })',
    to: "time: time ?? ''",
    tests: {
      'test/booking-forms.test.ts': ['a day without a time is booked, and shown as a day in portal and office'],
    },
  },
  {
    name: 'address-of-another-customer-stays',
    covers: ['issue 9, 1.9'],
    file: 'src/web/routes/p/[portal]/jobs/new/[template]/+page.server.ts',
    from: "if (typed.text('change')) return again(200, { values: valuesOfAnyCustomer })",
    to: "if (typed.text('change')) return again(200, {})",
    tests: {
      'test/booking-forms.test.ts': ['another customer’s booking keeps nothing of the first one’s address'],
    },
  },
  {
    name: 'a-box-for-files-beside-the-file-fields',
    covers: ['issue 9, 1.9'],
    file: 'src/features/jobs/portal/ui/FileSection.svelte',
    from: '{#each asked as field (field.id)}',
    to: '{#if label}<FilePicker name="files" {label} kept={keptFor(\'\')} {hrefOf} {from} />{/if}{#each asked as field (field.id)}',
    tests: {
      'test/booking-forms.test.ts': ['is one: a picker for the job, or one for each file field of the service'],
    },
  },
  {
    name: 'requested-time-although-turned-off',
    covers: ['V-35'],
    file: 'src/features/jobs/booking/handlers.ts',
    from: `  if (input.requested && !portal.requestedStart) fieldErrors.requested = 'unknown'
`,
    to: '',
    tests: {
      'src/features/jobs/booking/booking.test.ts': ['V-35 E-43 the requested time is separate from the schedule'],
    },
  },
  {
    name: 'several-jobs-although-turned-off',
    covers: ['V-34'],
    file: 'src/features/jobs/booking/handlers.ts',
    from: `  if (input.quantity > 1 && !portal.severalJobs) fieldErrors.quantity = { code: 'tooBig', vars: { max: 1 } }
`,
    to: '',
    tests: { 'src/features/jobs/booking/booking.test.ts': ['V-34 E-42 N jobs are created all or none'] },
  },
  {
    name: 'required-answers-do-not-block',
    covers: ['V-30', 'E-69'],
    file: 'src/features/templates/answers/rules.ts',
    from: 'if (isRequired && !problems[field.id] && isUnanswered(values[field.id]))',
    to: 'if (isRequired && problems[field.id] && isUnanswered(values[field.id]))',
    tests: {
      'src/features/jobs/booking/booking.test.ts': ['V-30 E-69 required answers block it'],
      'src/features/templates/answers/answers.test.ts': ['V-30 a required field without an answer blocks the customer'],
    },
  },
  {
    name: 'read-only-answers-are-written',
    covers: ['PS-36', 'E-67'],
    file: 'src/features/templates/answers/rules.ts',
    from: "return isWritableBy(field, audience) ? normalizeValue(field, input) : refuse('readOnly')",
    to: "return isWritableBy(field, audience) || field ? normalizeValue(field, input) : refuse('readOnly')",
    tests: { 'src/features/jobs/booking/booking.test.ts': ['PS-36 E-67 values of hidden and read-only fields'] },
  },
  {
    name: 'hidden-answers-are-written',
    covers: ['PS-36'],
    file: 'src/features/templates/answers/rules.ts',
    from: "if (!field || !isVisibleTo(field, audience)) return refuse('unknown')",
    to: "if (!field) return refuse('unknown')",
    tests: {
      'src/features/templates/answers/answers.test.ts': [
        'PS-36 PS-03 writing a hidden field is refused like writing an unknown field',
      ],
    },
  },
  {
    name: 'template-taken-away-can-be-booked',
    covers: ['V-25'],
    file: 'src/features/jobs/booking/handlers.ts',
    from: 'const template = bookingData.template && offered.includes(bookingData.template.id) ? bookingData.template : undefined',
    to: 'const template = bookingData.template && offered.length >= 0 ? bookingData.template : undefined',
    tests: { 'src/features/jobs/booking/options.test.ts': ['V-25 a job type taken away from one user'] },
  },
  {
    name: 'sites-of-other-customers-are-booked',
    covers: ['E-23', 'PS-36'],
    file: 'src/features/jobs/booking/handlers.ts',
    from: 'const ofCustomer = sites.filter((each) => each.customer_id === customer)',
    to: 'const ofCustomer = sites.filter((each) => each.customer_id !== null)',
    tests: {
      'src/features/jobs/booking/customer/customer.test.ts': ['E-23 PS-18 a customer is checked against the links'],
    },
  },
  {
    name: 'booking-without-customer-permission',
    covers: ['V-21'],
    file: 'src/features/jobs/policy.ts',
    from: `  return hasPermissionFor(actor, portal, 'createJobs', customer) ? yes : no('bookingNotAllowed')
`,
    to: `  return actor.links.some((link) => link.customer === customer) ? yes : no('bookingNotAllowed')
`,
    tests: {
      'src/features/jobs/booking/customer/customer.test.ts': ['V-21 the right to book is asked for the customer'],
    },
  },
  {
    name: 'unlinked-users-always-book',
    covers: ['E-25'],
    file: 'src/features/jobs/policy.ts',
    from: `    return isNewCustomer(actor, portal) ? yes : no('noCustomer')
`,
    to: `    return actor ? yes : no('noCustomer')
`,
    tests: { 'src/features/jobs/booking/customer/customer.test.ts': ['E-25 V-27 after the last link is removed'] },
  },
  {
    name: 'removed-user-books',
    covers: ['E-11'],
    file: 'db/migrations/0049_record_links.sql',
    from: "and u.id = e.subject_id and u.status = 'active'",
    to: 'and u.id = e.subject_id',
    tests: {
      'src/features/identity/portal/portal-sign-in.test.ts': ['PS-48 E-11 a suspended or removed user loses access'],
    },
  },
  {
    name: 'form-sent-twice-books-twice',
    covers: ['E-24'],
    file: 'src/features/jobs/booking/handlers.ts',
    from: `  if (bookingData.earlierJobs.length > 0) return { jobs: bookingData.earlierJobs, isRepeat: true }
`,
    to: '',
    tests: { 'src/features/jobs/booking/booking.test.ts': ['the same form sent twice books once'] },
  },
  {
    name: 'bookings-send-no-mail',
    covers: ['1J'],
    file: 'src/features/jobs/booking/handlers.ts',
    from: '    ctx.emitAll(bookingMails(ctx, jobs, checked.template, checked.requested, { ...bookingData, booker })),',
    to: '    ctx.emitAll(bookingMails(ctx, jobs, checked.template, checked.requested, { ...bookingData, booker }).slice(0, 0)),',
    tests: {
      'src/features/jobs/booking/booking.test.ts': [
        '1J the customer and the dispatchers get an email',
        'V-34 E-42 N jobs are created all or none',
      ],
    },
  },
  {
    name: 'typed-addresses-are-forgotten',
    covers: ['V-26', 'issue 9, 1.9'],
    file: 'src/features/jobs/booking/handlers.ts',
    from: 'typed && keepOwnAddress(',
    to: '!typed && address && keepOwnAddress(',
    tests: {
      'src/features/jobs/booking/customer/customer.test.ts': [
        'the addresses that a self-registered user has typed are offered at their next booking, each once',
      ],
    },
  },
  {
    name: 'typed-addresses-change-the-lists-of-staff',
    covers: ['E-16', 'issue 9, 1.9'],
    file: 'src/features/jobs/booking/customer/queries.ts',
    from: 'c.created_for_user_id = $3',
    to: '$3::uuid is not null',
    tests: {
      'src/features/jobs/booking/customer/customer.test.ts': [
        'the addresses that a self-registered user has typed are offered at their next booking, each once',
      ],
    },
  },
]
