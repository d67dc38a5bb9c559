/** Creating and correcting jobs in the office, and what their form offers. */
import { z } from 'zod'
import { operation } from '../../../../platform/operation.ts'
import { empty, id, line, named, text } from '../../../../platform/schema.ts'
import { audience } from '../../../records/contract.ts'
import {
  changedJob,
  currency,
  givenFields,
  jobField,
  jobParams,
  local,
  minutesInput,
  placeInput,
  requestedStart,
  seen,
  siteChoice,
  tagsInput,
  timeZone,
} from '../../job/contract.ts'
import { MAX_OFFICE_ATTACHMENTS } from '../../rules.ts'

const requested = () => requestedStart().nullable().optional().describe('Start that the customer asks for.')

export const jobForm = {
  getJobFormOptions: operation({
    method: 'GET',
    path: '/office/{account}/job-form-options',
    audience: ['staff'],
    summary: 'Get the options for a job form',
    description:
      'Active templates and staff to choose from. With `customer` also its sites; with `template` also its fields.',
    query: z.strictObject({
      template: id().optional().describe('Template whose fields to include.'),
      customer: id().optional().describe('Customer whose sites to include.'),
    }),
    output: z.object({
      templates: z
        .array(
          z.object({
            ...named().shape,
            icon: z.string().describe('Name of the icon.'),
            durationMinutes: z.number().nullable().describe('Planned duration in minutes.'),
          }),
        )
        .describe('Active templates.'),
      workers: z
        .array(z.object({ ...named().shape, role: z.string().describe('Role of the staff member.') }))
        .describe('Active staff who can be assigned.'),
      sites: z.array(siteChoice).describe('Active sites of the customer.'),
      customer: named().nullable().describe('The customer, if you may see it.'),
      fields: z.array(jobField).describe('Fields of the template, with their default values.'),
      timeZone: timeZone(),
      currency: currency(),
    }),
  }),
  createJob: operation({
    method: 'POST',
    path: '/office/{account}/jobs',
    audience: ['staff'],
    summary: 'Create a job',
    description:
      'Creates a job for a customer. With `worker` it is assigned at once, or waits for the worker to accept if `outright` is false.',
    body: z.strictObject({
      customer: id().describe('Customer that the job is for.'),
      template: id().describe('Template of the job; it must be active.'),
      title: line(200).optional().describe('Title. Default: the name of the template.'),
      ...placeInput,
      fields: givenFields().optional(),
      requested: requested(),
      scheduled: local().nullable().optional().describe('Scheduled start.'),
      durationMinutes: minutesInput(),
      worker: id().nullable().optional().describe('Staff member to assign.'),
      outright: z.boolean().default(true).describe('False: the worker must accept the job first.'),
      tags: tagsInput(),
      note: text(5_000).optional().describe('Internal comment to add.'),
      files: z
        .array(id())
        .max(MAX_OFFICE_ATTACHMENTS, 'tooMany')
        .default([])
        .describe('IDs of files that you uploaded with `uploadFile`. Files that answer fields stand in `fields`.'),
      filesAudience: audience.default('internal').describe('Who can read `files`.'),
      duplicateOf: id()
        .optional()
        .describe('Job that this one is a copy of. Its number stands in the history; nothing else is taken from it.'),
      ticket: id().optional().describe('Ticket of the customer that the job is created from.'),
      formKey: id().optional().describe('An ID that you choose. The same form sent again creates nothing new.'),
    }),
    output: changedJob,
    creates: true,
    writes: true,
    checksInput: true,
    example: {
      body: {
        customer: '019ac000-0000-7000-8000-000000000010',
        template: '019ac000-0000-7000-8000-000000000020',
        site: '019ac000-0000-7000-8000-000000000011',
        scheduled: { day: '2026-12-07', time: '14:00' },
        worker: '019ac000-0000-7000-8000-000000000030',
      },
      answer: { id: '019ac000-0000-7000-8000-000000000001', number: 1068, status: 'assigned', version: 1 },
    },
  }),
  updateJob: operation({
    method: 'PATCH',
    path: '/office/{account}/jobs/{job}',
    audience: ['staff'],
    summary: 'Update a job',
    description: 'Changes the address, field answers, requested start, duration or tags. What you leave out stays.',
    params: jobParams,
    body: z.strictObject({
      ...seen,
      title: line(200).optional().describe('Title.'),
      ...placeInput,
      fields: givenFields().optional(),
      requested: requested(),
      durationMinutes: minutesInput(),
      tags: tagsInput(),
    }),
    output: changedJob,
    problems: ['jobChanged', 'jobCanceled'],
    writes: true,
    checksInput: true,
  }),
  deleteJob: operation({
    method: 'DELETE',
    path: '/office/{account}/jobs/{job}',
    audience: ['staff'],
    summary: 'Delete a job',
    description:
      'Permanently deletes the job with its comments, files and history. To keep a record, cancel it instead.',
    params: jobParams,
    output: empty(),
    writes: true,
  }),
}
