/**
 * Booking: how a portal user comes to a job. What may be booked, for whom and with which answers, and the booking
 * itself: one job or several, all or none. A user without a customer gets one at the first booking (V-26).
 */
import { z } from 'zod'
import { contract, operation } from '../../../platform/operation.ts'
import { id, text } from '../../../platform/schema.ts'
import { fieldValue, givenFields, local } from '../contract.ts'
import { MAX_ATTACHMENTS, MAX_JOBS } from '../rules.ts'

/** A field as a customer meets it: hidden ones are not among them. */
export const portalField = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  permission: z.enum(['readOnly', 'optional', 'required']),
  hint: z.string().optional(),
  options: z.array(z.string()).optional(),
  unit: z.string().optional(),
  value: fieldValue().optional(),
})

export const booking = contract('jobs', {
  getBookingOptions: operation({
    method: 'GET',
    path: '/portal/{portal}/bookable',
    audience: ['portalUser'],
    summary: 'What I may book and for whom; with a job type, also its questions',
    query: z.strictObject({ template: id().optional() }),
    output: z.object({
      /** False: this user may book nothing; `why` says for the screen which sentence to show. */
      allowed: z.boolean(),
      why: z.enum(['permission', 'noCustomer', 'noJobTypes']).nullable(),
      templates: z.array(z.object({ id: z.string(), name: z.string(), description: z.string(), icon: z.string() })),
      customers: z.array(
        z.object({
          id: z.string(),
          name: z.string(),
          sites: z.array(z.object({ id: z.string(), name: z.string().nullable(), address: z.string() })),
        }),
      ),
      /** No customer yet: booking makes one from these. */
      makesCustomer: z.boolean(),
      ownAddress: z.string().nullable(),
      severalJobs: z.boolean(),
      maxJobs: z.number(),
      requestedStart: z.boolean(),
      timeZone: z.string(),
      currency: z.string(),
      today: z.string(),
      fields: z.array(portalField).nullable(),
    }),
  }),
  createPortalJob: operation({
    method: 'POST',
    path: '/portal/{portal}/jobs',
    audience: ['portalUser'],
    summary: 'Book one job, or several alike',
    body: z.strictObject({
      template: id(),
      /** May be left out by who books for one customer only, or for none yet. */
      customer: id().optional(),
      site: id().optional(),
      address: text(500).optional(),
      requested: local().optional(),
      number: z.number('whole').int('whole').min(1, 'tooSmall').max(MAX_JOBS, 'tooBig').default(1),
      fields: givenFields().default({}),
      /** Ids of files this user uploaded before. */
      files: z.array(id()).max(MAX_ATTACHMENTS, 'tooMany').default([]),
      /** Made with the form: the same form sent twice books once. */
      formKey: id().optional(),
    }),
    output: z.object({ jobs: z.array(z.object({ id: z.string(), number: z.number() })), again: z.boolean() }),
    problems: ['bookingNotAllowed', 'noCustomer'],
    creates: true,
    writes: true,
    limits: [{ by: 'caller', max: 60, seconds: 3_600 }],
  }),
})
