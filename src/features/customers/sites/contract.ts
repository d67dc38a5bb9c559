/** Sites: the places of a customer where work is done. A job keeps the address that it was created with. */
import { z } from 'zod'
import { operation } from '../../../platform/operation.ts'
import { id, line, recordId, seenVersion, text } from '../../../platform/schema.ts'
import { activity, added, changed, clearable, customerParams, writing } from '../contacts/contract.ts'

export const address = () => text(500)

const siteInput = {
  name: clearable(line(120)).describe('Name, such as Main office.'),
  address: address().pipe(z.string().min(1, 'required')).describe('Service address.'),
  latitude: clearable(z.number().min(-90).max(90)).describe('Latitude in degrees (WGS 84). Send both or neither.'),
  longitude: clearable(z.number().min(-180).max(180)).describe('Longitude in degrees.'),
  notes: clearable(text(1_000)).describe('Access notes for the technician; only staff see them.'),
}
const siteInputRecord = z.strictObject(siteInput).meta({ id: 'SiteInput', description: 'A site as you write it.' })
export const newSite = () => siteInputRecord
export const site = z
  .object({
    id: recordId(),
    name: z.string().nullable().describe('Name, such as Main office.'),
    address: z.string().describe('Service address.'),
    latitude: z.number().nullable().describe('Latitude in degrees (WGS 84).'),
    longitude: z.number().nullable().describe('Longitude in degrees.'),
    notes: z.string().nullable().describe('Access notes for the technician.'),
    status: activity,
  })
  .meta({ id: 'Site', description: 'A place of a customer where work is done.' })

const siteParams = z.strictObject({ ...customerParams.shape, site: id().describe('ID of the site.') })

export const sites = {
  addSite: operation({
    ...writing,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/sites',
    checksInput: true,
    summary: 'Add a site',
    description: 'Adds a place to the customer.',
    params: customerParams,
    body: newSite(),
    output: added,
    creates: true,
    problems: ['customerArchived'],
  }),
  updateSite: operation({
    ...writing,
    method: 'PATCH',
    path: '/office/{account}/customers/{customer}/sites/{site}',
    checksInput: true,
    summary: 'Update a site',
    description: 'Changes what you send; null clears a value. Existing jobs keep their address.',
    params: siteParams,
    body: z.strictObject({ version: seenVersion(), ...z.strictObject(siteInput).partial().shape }),
    output: changed,
    problems: ['customerChanged', 'customerArchived'],
  }),
  archiveSite: operation({
    ...writing,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/sites/{site}/archive',
    summary: 'Archive a site',
    description: 'New jobs can no longer be created for the site. Its existing jobs stay.',
    params: siteParams,
    output: changed,
    problems: ['customerArchived'],
  }),
  restoreSite: operation({
    ...writing,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/sites/{site}/restore',
    summary: 'Restore a site',
    description: 'Jobs can be created for the site again.',
    params: siteParams,
    output: changed,
    problems: ['customerArchived'],
  }),
}
