/**
 * Booking: how a portal user comes to a job. What may be booked, for whom and with which answers, and the booking
 * itself: one job or several, all or none. A user without a customer gets one at the first booking (V-26).
 */
import { z } from 'zod'
import { contract, operation } from '../../../platform/operation.ts'
import { count, flag, id, named, recordId, text } from '../../../platform/schema.ts'
import { currency, fieldParts, givenFields, jobNumber, requestedStart, siteChoice, timeZone } from '../job/contract.ts'
import { MAX_ATTACHMENTS, MAX_JOBS } from '../rules.ts'
import { CUSTOMER_KINDS } from '../../identity/rules.ts'

/** A field as a customer sees it: hidden ones are not among them. */
export const portalField = z
  .object({
    ...fieldParts,
    permission: z.enum(['readOnly', 'optional', 'required']).describe('Whether the customer may or must answer.'),
  })
  .meta({ id: 'PortalJobField', description: 'A field of a job as a customer sees it.' })

const bookedJob = () => z.object({ id: recordId(), number: jobNumber() })

export const booking = contract(
  { name: 'Booking', description: 'What a portal user can book, and booking it.' },
  {
    getBookingOptions: operation({
      method: 'GET',
      path: '/portal/{portal}/booking-options',
      audience: CUSTOMER_KINDS,
      summary: 'Get the booking options',
      description: 'Services and customers that you may book for. With `template` also the fields to fill in.',
      query: z.strictObject({
        template: id().optional().describe('Service whose fields to include.'),
        formKey: id().optional().describe('The ID of a form that may have been sent before.'),
      }),
      output: z.object({
        allowed: flag('Whether you may book. If not, `blockedReason` says why.'),
        blockedReason: z.enum(['permission', 'noCustomer', 'noJobTypes']).nullable().describe('Why you may not book.'),
        templates: z
          .array(
            z.object({
              ...named().shape,
              description: z.string().describe('Description.'),
              icon: z.string().describe('Name of the icon.'),
            }),
          )
          .describe('Services that you may book.'),
        customers: z
          .array(z.object({ ...named().shape, sites: z.array(siteChoice).describe('Active sites.') }))
          .describe('Customers that you may book for.'),
        createsCustomer: flag('You have no customer yet; the first booking creates one.'),
        ownAddress: z.string().nullable().describe('Address in your profile.'),
        severalJobs: flag('Whether one booking may create several identical jobs.'),
        maxJobs: count('The most jobs of one booking.'),
        requestedStart: flag('Whether you may ask for a start.'),
        timeZone: timeZone(),
        currency: currency(),
        today: z.string().describe("Today in the business's time zone, such as 2026-12-07."),
        fields: z.array(portalField).nullable().describe('Fields to fill in; null without `template`.'),
        earlierJobs: z.array(bookedJob()).describe('Jobs that the form of `formKey` has booked already.'),
      }),
    }),
    createPortalJob: operation({
      method: 'POST',
      path: '/portal/{portal}/jobs',
      audience: CUSTOMER_KINDS,
      summary: 'Book a job',
      description: 'Books one job, or several identical ones with `quantity`: all of them or none.',
      body: z.strictObject({
        template: id().describe('Service to book.'),
        customer: id().optional().describe('Customer to book for. Leave out if you have only one or none.'),
        site: id().optional().describe('Site of the customer.'),
        address: text(500).optional().describe('Service address, if it is not a site.'),
        requested: requestedStart().optional().describe('Start that you ask for.'),
        quantity: z
          .number('whole')
          .int('whole')
          .min(1, 'tooSmall')
          .max(MAX_JOBS, 'tooBig')
          .default(1)
          .describe('How many identical jobs to book.'),
        fields: givenFields().default({}),
        files: z.array(id()).max(MAX_ATTACHMENTS, 'tooMany').default([]).describe('IDs of files you uploaded before.'),
        formKey: id().optional().describe('An ID that you choose. The same form sent again books nothing new.'),
      }),
      output: z.object({
        jobs: z.array(bookedJob()).describe('The booked jobs.'),
        isRepeat: flag('True if this form was sent before; the jobs are those of the first time.'),
      }),
      problems: ['bookingNotAllowed', 'noCustomer'],
      creates: true,
      writes: true,
      checksInput: true,
      limits: [{ by: 'caller', max: 60, seconds: 3_600 }],
      example: {
        body: {
          template: '019ac000-0000-7000-8000-000000000020',
          site: '019ac000-0000-7000-8000-000000000011',
          requested: { day: '2026-12-07', time: '14:00' },
          fields: { model: 'WM 14-A' },
        },
        answer: { jobs: [{ id: '019ac000-0000-7000-8000-000000000001', number: 1068 }], isRepeat: false },
      },
    }),
  },
)
