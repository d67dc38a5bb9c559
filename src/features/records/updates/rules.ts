/** Changes of a record that wait to become emails. Pure. */

/** How long the first change of a record waits for others. */
export const BATCH_MS = 5 * 60_000

/** Who made a change that waits, and when. What was changed depends on the kind of record. */
export interface RecordUpdate {
  kind: string
  actor_kind: string
  actor_id: string | null
  actor_name: string | null
  created_at: Date
  details: object
}
