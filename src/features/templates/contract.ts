/**
 * Templates: the kinds of job a business does, called services in its portal. A template says what is asked for a job
 * and who may see and answer each field. Every change makes a new version; a job keeps the one it was created with.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import {
  count,
  empty,
  flag,
  id,
  line,
  moment,
  recordId,
  recordVersion,
  seenVersion,
  text,
} from '../../platform/schema.ts'
import { FIELD_PERMISSIONS, FIELD_TYPES } from './fields/rules.ts'
import { MAX_FIELDS, MAX_OPTIONS, TEMPLATE_ICONS } from './rules.ts'

declareProblems({
  templateChanged: [409, 'Someone else changed the template since the `version` you sent. Read it again.'],
  templateArchived: [409, 'The template is archived. Restore it first.'],
})

export const fieldType = z
  .enum(FIELD_TYPES)
  .meta({ id: 'FieldType', description: 'Kind of answer that a field takes.' })
export const fieldPermission = z
  .enum(FIELD_PERMISSIONS)
  .meta({ id: 'FieldPermission', description: 'What one may do with a field.' })
const icon = z.enum(TEMPLATE_ICONS).meta({ id: 'TemplateIcon', description: 'Name of the icon in the portal.' })
const status = z.enum(['active', 'archived']).describe('Whether the template is in use or archived.')

const valueInput = () =>
  z.union([
    z.boolean(),
    z.number(),
    z.string().max(5_000, 'tooLong'),
    z.array(z.string().max(200, 'tooLong')).max(MAX_OPTIONS, 'tooMany'),
  ])

/** What goes together is checked by rules.ts. */
const fieldInput = z
  .strictObject({
    id: z
      .string()
      .max(40, { abort: true })
      .regex(/^[A-Za-z0-9_-]+$/)
      .refine((fieldId) => !(fieldId in Object.prototype), 'format')
      .optional()
      .describe('ID of an existing field. Leave out for a new one.'),
    name: line(120).describe('Label.'),
    type: fieldType,
    hint: text(300).optional().describe('Help text.'),
    options: z.array(line(120)).max(MAX_OPTIONS, 'tooMany').optional().describe('Options of a pick list, in order.'),
    portal: fieldPermission.describe('What a customer may do with the field.'),
    worker: fieldPermission.describe('What the worker on the job may do with the field.'),
    value: valueInput().optional().describe('Default value: every new job starts with it.'),
    unit: line(20).optional().describe('Unit shown after a number, such as kWh.'),
  })
  .meta({ id: 'TemplateFieldInput', description: 'A field as you set it up.' })

const field = z
  .object({
    id: z.string().describe('ID of the field, the same in every version of the template.'),
    name: z.string().describe('Label.'),
    type: fieldType,
    hint: z.string().optional().describe('Help text.'),
    options: z.array(z.string()).optional().describe('Options of a pick list, in order.'),
    portal: fieldPermission.describe('What a customer may do with the field.'),
    worker: fieldPermission.describe('What the worker on the job may do with the field.'),
    value: z.any().optional().describe('Default value.'),
    unit: z.string().optional().describe('Unit shown after a number, such as kWh.'),
  })
  .meta({ id: 'TemplateField', description: 'A field of a template.' })

const summary = {
  id: recordId(),
  name: z.string().describe('Name.'),
  description: z.string().describe('Description that customers read.'),
  icon,
  durationMinutes: z.number().nullable().describe('Planned duration in minutes.'),
  status,
  version: recordVersion(),
  offered: flag('Whether it is among the default templates of the portal.'),
}
const row = z
  .object({ ...summary, fieldCount: count('Number of fields.') })
  .meta({ id: 'TemplateRow', description: 'A template in a list.' })
const template = z
  .object({
    ...summary,
    fields: z.array(field).describe('Fields, in order.'),
    fieldsOf: z.number().describe('Version that these fields are of; `version` is the newest.'),
    updatedAt: moment().describe('When the template last changed.'),
    can: z
      .object({
        edit: flag('Update the template.'),
        archive: flag('Archive the template.'),
        restore: flag('Restore the template.'),
      })
      .describe('What you may do now.'),
  })
  .meta({ id: 'Template', description: 'A kind of job, with its fields.' })

const content = {
  name: line(120).describe('Name.'),
  description: text(500).describe('Description that customers read.'),
  icon,
  /** Five minutes to ten days. */
  durationMinutes: z
    .int()
    .min(5, 'duration')
    .max(14_400, 'duration')
    .nullable()
    .describe('Planned duration in minutes.'),
  fields: z.array(fieldInput).max(MAX_FIELDS, 'tooMany').describe('All fields, in order.'),
}
const templateParams = z.strictObject({ template: id().describe('ID of the template.') })

export const templates = contract(
  { name: 'Templates', description: 'Kinds of jobs with their fields. Customers see them as services.' },
  {
    listTemplates: operation({
      method: 'GET',
      path: '/office/{account}/templates',
      audience: ['staff'],
      summary: 'List templates',
      description: 'All templates in their order, with the number of each status.',
      query: z.strictObject({ status: status.optional() }),
      output: z.object({
        rows: z.array(row).describe('The templates.'),
        counts: z
          .object({ active: count('Active templates.'), archived: count('Archived templates.') })
          .describe('How many there are.'),
        can: z
          .object({ create: flag('Create templates.'), order: flag('Reorder templates.') })
          .describe('What you may do.'),
      }),
    }),
    getTemplate: operation({
      method: 'GET',
      path: '/office/{account}/templates/{template}',
      audience: ['staff'],
      summary: 'Get a template',
      description: 'The template with the fields of its newest version, or of the version you ask for.',
      params: templateParams,
      query: z.strictObject({
        version: z.coerce.number().int().min(1).max(1_000_000).optional().describe('Version of the fields.'),
      }),
      output: template,
    }),
    createTemplate: operation({
      method: 'POST',
      path: '/office/{account}/templates',
      audience: ['staff'],
      summary: 'Create a template',
      description: 'The new template comes last in the order.',
      body: z.strictObject({
        ...content,
        description: content.description.default(''),
        icon: content.icon.default('wrench'),
        durationMinutes: content.durationMinutes.default(null),
        fields: content.fields.default([]),
      }),
      output: template,
      writes: true,
      checksInput: true,
      creates: true,
    }),
    updateTemplate: operation({
      method: 'PATCH',
      path: '/office/{account}/templates/{template}',
      audience: ['staff'],
      summary: 'Update a template',
      description: 'Saves a new version. Existing jobs keep the version that they were created with.',
      params: templateParams,
      body: z.strictObject({ version: seenVersion(), ...z.strictObject(content).partial().shape }),
      output: template,
      problems: ['templateChanged', 'templateArchived'],
      writes: true,
      checksInput: true,
    }),
    archiveTemplate: operation({
      method: 'POST',
      path: '/office/{account}/templates/{template}/archive',
      audience: ['staff'],
      summary: 'Archive a template',
      description: 'No new jobs can be created with it. Existing jobs stay as they are.',
      params: templateParams,
      output: template,
      writes: true,
    }),
    restoreTemplate: operation({
      method: 'POST',
      path: '/office/{account}/templates/{template}/restore',
      audience: ['staff'],
      summary: 'Restore a template',
      description: 'Jobs can be created with it again.',
      params: templateParams,
      output: template,
      writes: true,
    }),
    reorderTemplates: operation({
      method: 'PUT',
      path: '/office/{account}/template-order',
      audience: ['staff'],
      summary: 'Reorder the templates',
      description: 'Puts the templates in this order. Those you leave out come after, in their present order.',
      body: z.strictObject({
        templates: z.array(id()).min(1, 'required').max(500, 'tooMany').describe('IDs in the new order.'),
      }),
      output: empty(),
      writes: true,
    }),
  },
)
