/** What a demo business consists of, before it becomes rows. */
import type { Insertable } from 'kysely'
import type { JobStatus } from '../src/features/jobs/rules.ts'
import type { Field, FieldValues } from '../src/features/templates/fields/rules.ts'
import type { DB } from '../db/schema.gen.ts'

export type Rows = { [T in keyof DB]?: Insertable<DB[T]>[] }
export type AddRows = <T extends keyof DB>(table: T, ...rows: Insertable<DB[T]>[]) => void

export interface DemoStaff {
  id: string
  name: string
  role: 'owner' | 'admin' | 'dispatcher' | 'worker'
  email: string
  status?: 'active' | 'invited' | 'deactivated'
}

export interface DemoSite {
  id: string
  address: string
  latitude: number
  longitude: number
}

export interface DemoCustomer {
  id: string
  name: string
  sites: DemoSite[]
  business: boolean
  /** Active portal users of the customer, with the templates that each may book. */
  portalUsers: { id: string; name: string; createdAt: Date; templates: ReadonlySet<string> }[]
}

export interface DemoTemplate {
  id: string
  key: string
  name: string
  versions: Field[][]
  minutes: number
}

export type Actor =
  { kind: 'staff'; member: DemoStaff } | { kind: 'portalUser'; id: string; name: string } | { kind: 'system' }

export interface StatusStep {
  at: Date
  to: JobStatus
  actor: Actor
  reason?: string
  worker?: DemoStaff
  scheduled?: Date
  requested?: Date
}

export interface DemoComment {
  at: Date
  actor: Actor
  audience: 'internal' | 'customer'
  body: string
}

export interface DemoFile {
  name: string
  type: string
  size: number
  key: string
  field?: string
  actor: Actor
  at: Date
}

export interface DemoJob {
  customer: DemoCustomer
  site?: DemoSite
  template: DemoTemplate
  created: Date
  actor: Actor
  /** The status it had when an import created it. */
  imported?: JobStatus
  requested?: Date | null
  steps?: StatusStep[]
  comments?: DemoComment[]
  files?: DemoFile[]
  answers?: FieldValues
  tags?: string[]
  /** Called when the job has its number. */
  onNumbered?: (job: { id: string; number: number }) => void
}

/** The columns `<prefix>_kind`, `_id` and `_name` of whoever acted. */
export function actorColumns<P extends string>(prefix: P, actor: Actor) {
  const id = actor.kind === 'staff' ? actor.member.id : actor.kind === 'portalUser' ? actor.id : null
  const name = actor.kind === 'staff' ? actor.member.name : actor.kind === 'portalUser' ? actor.name : null
  return { [`${prefix}_kind`]: actor.kind, [`${prefix}_id`]: id, [`${prefix}_name`]: name } as Record<
    `${P}_kind`,
    Actor['kind']
  > &
    Record<`${P}_id` | `${P}_name`, string | null>
}
