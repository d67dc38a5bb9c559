/**
 * Templates: the kinds of job a business does, called job types in its portal. A template says what is asked for a job
 * and who may see and answer each question. Every change makes a new version; a job keeps the one it was made with.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import { id, line, moment, seenVersion, text } from '../../platform/schema.ts'
import { FIELD_TYPES, MAX_FIELDS, MAX_OPTIONS, PERMISSIONS, TEMPLATE_ICONS } from './rules.ts'

declareProblems({
  templateChanged: 409,
  templateArchived: 409,
})

const value = () =>
  z.union([
    z.boolean(),
    z.number(),
    z.string().max(5_000, 'tooLong'),
    z.array(z.string().max(200, 'tooLong')).max(MAX_OPTIONS, 'tooMany'),
  ])

/** As somebody sets it up: a field without an id is new. What goes together is checked by rules.ts. */
const fieldIn = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,40}$/)
    .optional(),
  name: line(120),
  type: z.enum(FIELD_TYPES),
  hint: text(300).optional(),
  options: z.array(line(120)).max(MAX_OPTIONS, 'tooMany').optional(),
  portal: z.enum(PERMISSIONS),
  worker: z.enum(PERMISSIONS),
  value: value().optional(),
  unit: line(20).optional(),
})

const field = z.object({
  id: z.string(),
  name: z.string(),
  type: z.enum(FIELD_TYPES),
  hint: z.string().optional(),
  options: z.array(z.string()).optional(),
  portal: z.enum(PERMISSIONS),
  worker: z.enum(PERMISSIONS),
  value: z.any().optional(),
  unit: z.string().optional(),
})

const status = z.enum(['active', 'archived'])
const summary = {
  id: z.string(),
  name: z.string(),
  description: z.string(),
  icon: z.enum(TEMPLATE_ICONS),
  durationMinutes: z.number().nullable(),
  status,
  version: z.number(),
  /** Among the default templates of the portal. */
  offered: z.boolean(),
}
const template = z.object({
  ...summary,
  fields: z.array(field),
  /** The version these fields are of; `version` is the newest. */
  fieldsOf: z.number(),
  updatedAt: moment(),
  can: z.object({ edit: z.boolean(), archive: z.boolean(), restore: z.boolean() }),
})

const content = {
  name: line(120),
  description: text(500),
  icon: z.enum(TEMPLATE_ICONS),
  /** Planned duration in minutes: five minutes to ten days. */
  durationMinutes: z.int().min(5).max(14_400).nullable(),
  fields: z.array(fieldIn).max(MAX_FIELDS, 'tooMany'),
}
const one = z.strictObject({ template: id() })

export const templates = contract('templates', {
  listTemplates: operation({
    method: 'GET',
    path: '/office/{account}/templates',
    audience: ['staff'],
    summary: 'The templates in their order, with how many there are of each status',
    query: z.strictObject({ status: status.optional() }),
    output: z.object({
      rows: z.array(z.object({ ...summary, fieldCount: z.number() })),
      counts: z.object({ active: z.number(), archived: z.number() }),
      can: z.object({ create: z.boolean(), order: z.boolean() }),
    }),
  }),
  getTemplate: operation({
    method: 'GET',
    path: '/office/{account}/templates/{template}',
    audience: ['staff'],
    summary: 'One template with its fields, of its newest version or of the one asked for',
    params: one,
    query: z.strictObject({ version: z.coerce.number().int().min(1).max(1_000_000).optional() }),
    output: template,
  }),
  createTemplate: operation({
    method: 'POST',
    path: '/office/{account}/templates',
    audience: ['staff'],
    summary: 'Make a template; it comes last',
    body: z.strictObject({
      ...content,
      description: content.description.default(''),
      icon: content.icon.default('wrench'),
      durationMinutes: content.durationMinutes.default(null),
      fields: content.fields.default([]),
    }),
    output: template,
    writes: true,
    creates: true,
  }),
  updateTemplate: operation({
    method: 'PATCH',
    path: '/office/{account}/templates/{template}',
    audience: ['staff'],
    summary: 'Change a template as it was in `version`; the change is a new version',
    params: one,
    body: z.strictObject({ version: seenVersion(), ...z.strictObject(content).partial().shape }),
    output: template,
    problems: ['templateChanged', 'templateArchived'],
    writes: true,
  }),
  archiveTemplate: operation({
    method: 'POST',
    path: '/office/{account}/templates/{template}/archive',
    audience: ['staff'],
    summary: 'Take a template out of use; its jobs stay as they are',
    params: one,
    output: template,
    writes: true,
  }),
  restoreTemplate: operation({
    method: 'POST',
    path: '/office/{account}/templates/{template}/restore',
    audience: ['staff'],
    summary: 'Take an archived template into use again',
    params: one,
    output: template,
    writes: true,
  }),
  reorderTemplates: operation({
    method: 'PUT',
    path: '/office/{account}/templates-order',
    audience: ['staff'],
    summary: 'Put the templates in this order; those not named keep theirs and come after',
    body: z.strictObject({ templates: z.array(id()).min(1, 'required').max(500, 'tooMany') }),
    output: z.object({}),
    writes: true,
  }),
})
