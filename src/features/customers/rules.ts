/** Pure decisions about customers, their contacts and sites. Runs on server and screen. */

export const CUSTOMER_STATUSES = ['active', 'archived'] as const
export type CustomerStatus = (typeof CUSTOMER_STATUSES)[number]

/** By name, creation time or number of jobs; `-` sorts descending. */
export const CUSTOMER_SORTS = ['name', '-name', 'created', '-created', 'jobs', '-jobs'] as const
export type CustomerSort = (typeof CUSTOMER_SORTS)[number]

/** Counts of the filters stop here. */
export const MAX_COUNT = 10_000

/** A customer with open jobs cannot be archived. */
export const archiveBlockedBy = (customer: { status: CustomerStatus; openJobs: number }): 'openJobs' | null =>
  customer.status === 'active' && customer.openJobs > 0 ? 'openJobs' : null

/** A change of some properties: one left out stays as it is. */
export type Patch<T> = { [K in keyof T]?: T[K] | undefined }

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

export const withoutUndefined = <T extends object>(values: T): Defined<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>

/** An emptied text field is stored as null; undefined stays undefined. */
export const nullIfEmpty = (text: string | null | undefined) => (text === '' ? null : text)

export interface Coordinates {
  latitude?: number | null | undefined
  longitude?: number | null | undefined
}

/** A site has both coordinates or none; leaving out both changes neither. The error of the missing one, by its path. */
export function missingCoordinate(site: Coordinates | undefined, path = ''): Record<string, string> | undefined {
  const hasLatitude = (site?.latitude ?? null) !== null
  const hasLongitude = (site?.longitude ?? null) !== null
  if (hasLatitude === hasLongitude) return undefined
  return { [`${path}${hasLatitude ? 'longitude' : 'latitude'}`]: 'required' }
}
