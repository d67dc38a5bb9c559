/**
 * What a job's form sends, turned into the values of a job. Errors are collected by field, so that a person sees all of
 * them at once. Screens must not load this file: it brings the time zone library.
 */
import { problem } from '../../../platform/problem.ts'
import { toLocalTime, momentOf, zoneCity, type Local } from '../../../platform/zone.ts'
import { checkFieldValues, prefixFieldErrors, type FieldError } from '../../templates/answers/rules.ts'
import type { Field, FieldValue, FieldValues } from '../../templates/fields/rules.ts'

/** Path of a form field (`title`, `fields.abc`) to what is wrong with it. */
export type FieldErrors = Record<string, FieldError | string>

export function throwFieldErrors(fieldErrors: FieldErrors): void {
  if (Object.keys(fieldErrors).length > 0) throw problem('input', { fields: fieldErrors })
}

/** @throws jobChanged if the job has changed since this form was opened */
export function checkVersion(job: { version: number }, seenVersion: number): void {
  if (job.version !== seenVersion) throw problem('jobChanged')
}

// ---- local times ----

/** A local time as a moment. Undefined was not sent, null clears the time. */
export function parseLocalTime(
  local: Local | null | undefined,
  zone: string,
  name: string,
  fieldErrors: FieldErrors,
): Date | null | undefined {
  if (local === undefined || local === null) return local
  const moment = momentOf(local, zone)
  if (!moment) fieldErrors[name] = { code: 'timeGap', vars: { zone: zoneCity(zone) } }
  return moment
}

/** Stands for a day without a time: no change of the clocks moves noon to another day. */
const NOON = '12:00'

export interface RequestedColumns {
  requested_at: Date | null
  requested_any_time: boolean
}

/** The columns of a requested start, whose time may be missing. Undefined was not sent, null clears it. */
export function parseRequestedStart(
  local: { day: string; time?: string | undefined } | null | undefined,
  zone: string,
  fieldErrors: FieldErrors,
): RequestedColumns | undefined {
  if (local === undefined) return undefined
  if (local === null) return NO_REQUESTED_START
  const at = parseLocalTime({ day: local.day, time: local.time ?? NOON }, zone, 'requested', fieldErrors) ?? null
  return { requested_at: at, requested_any_time: at !== null && local.time === undefined }
}

export const NO_REQUESTED_START: RequestedColumns = { requested_at: null, requested_any_time: false }

/** Whether the requested start has passed. Today without a time has not. */
export function isRequestPast(requested: RequestedColumns, now: Date, zone: string): boolean {
  const { requested_at: at, requested_any_time: isDayOnly } = requested
  if (!at) return false
  return isDayOnly ? toLocalTime(at, zone).day < toLocalTime(now, zone).day : at <= now
}

export const isSameRequest = (one: RequestedColumns, other: RequestedColumns): boolean =>
  one.requested_at?.getTime() === other.requested_at?.getTime() && one.requested_any_time === other.requested_any_time

export function presentRequest({ requested_at: at, requested_any_time: isDayOnly }: RequestedColumns, zone: string) {
  if (!at) return null
  const { day, time } = toLocalTime(at, zone)
  return { at, day, time: isDayOnly ? null : time }
}

export const presentMoment = (at: Date | null, zone: string) => (at ? { at, ...toLocalTime(at, zone) } : null)

// ---- answers ----

const LOCAL_TIME = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)$/

/** The sent answers checked against the template, together with the stored ones that stay as they are. */
export function fieldValues(
  fields: readonly Field[],
  input: Readonly<Record<string, unknown>>,
  stored: FieldValues,
  zone: string,
  fieldErrors: FieldErrors,
  audience: 'office' | 'portal' = 'office',
): FieldValues {
  const withOffsets = Object.fromEntries(
    Object.entries(input).map(([id, value]) => {
      const isDate = fields.find((field) => field.id === id)?.type === 'dateTime'
      return [id, isDate ? withOffset(value, zone, `fields.${id}`, fieldErrors) : value]
    }),
  )
  const { values, problems } = checkFieldValues(fields, withOffsets, audience, stored)
  for (const [path, error] of Object.entries(prefixFieldErrors('fields', problems))) fieldErrors[path] ??= error
  return values
}

/** A local time of a date field gets the offset of the account's zone; anything else is left to the check of its type. */
function withOffset(value: unknown, zone: string, path: string, fieldErrors: FieldErrors): unknown {
  const [, day, time] = (typeof value === 'string' && LOCAL_TIME.exec(value)) || []
  if (!day || !time) return value
  try {
    return parseLocalTime({ day, time }, zone, path, fieldErrors)?.toISOString() ?? value
  } catch {
    // The pattern lets through days such as February 30.
    return value
  }
}

/** Fields as a form or page shows them, each with its stored answer. */
export const withValues = <F extends { id: string; type: string; value?: FieldValue | undefined }>(
  fields: readonly F[],
  values: FieldValues,
) =>
  fields.map(({ value: start, ...field }) => {
    const value = field.type === 'section' ? start : values[field.id]
    return { ...field, ...(value !== undefined && { value }) }
  })

/** The ids of a file field's files. */
export const fileIdsOf = (field: Field, values: FieldValues): string[] => (values[field.id] ?? []) as string[]

export const fileFields = (fields: readonly Field[]): Field[] => fields.filter((field) => field.type === 'file')

/** File fields that have other files than before, with the new ones. */
export const changedFiles = (fields: readonly Field[], before: FieldValues, after: FieldValues) =>
  fileFields(fields)
    .map((field) => ({ field, files: fileIdsOf(field, after) }))
    .filter(({ field, files }) => files.join() !== fileIdsOf(field, before).join())

// ---- service address ----

export interface AddressInput {
  site?: string | null | undefined
  address?: string | null | undefined
  latitude?: number | null | undefined
  longitude?: number | null | undefined
}

interface SiteAddress {
  id: string
  address: string
  latitude: number | null
  longitude: number | null
}

export const changesAddress = ({ site, address, latitude, longitude }: AddressInput): boolean =>
  [site, address, latitude, longitude].some((value) => value !== undefined)

/** Copies address and coordinates of a site into the job, which keeps them should the site change. */
export function addressOfSite(
  sites: readonly SiteAddress[],
  { site: siteId, address, latitude, longitude }: AddressInput,
  fieldErrors: FieldErrors,
) {
  const hasLatitude = (latitude ?? null) !== null
  const hasLongitude = (longitude ?? null) !== null
  if (hasLatitude !== hasLongitude) fieldErrors.longitude = 'required'
  const site = siteId ? sites.find((candidate) => candidate.id === siteId) : undefined
  if (siteId && !site) fieldErrors.site = 'choice'
  return {
    site_id: siteId ?? null,
    address: address || site?.address || null,
    latitude: latitude ?? site?.latitude ?? null,
    longitude: longitude ?? site?.longitude ?? null,
  }
}
