/**
 * Search texts of jobs, and the office's search. The index answers ids through find_office_jobs, or "too common: read the
 * newest jobs instead". Every row is read under row-level security and compared again, so the index decides what is read,
 * never what is shown.
 */
import { sql } from 'kysely'
import { fold, foldTyped, wordPatterns } from '../../../platform/fold.ts'
import type { Read, Write } from '../../../platform/operation.ts'
import { buildSearchText, type Field, type FieldAudience } from '../../templates/fields/rules.ts'
import { fieldsOf } from '../form/queries.ts'
import type { JobRecord } from '../queries.ts'

/** With more matches than this the newest jobs are read instead: a page of them is filled soon. */
export const INDEX_MATCHES_MAX = 5_000

/** "Job 1063", "#1063", "job no. 1063", "(job 1063)": the number as pages, emails and people write it. */
const SHOWN_NUMBER = /(?<![a-z0-9])(?:jobs?:? ?)?(?:(?:no|nr|number)[.:]? ?)?([0-9]+)[.,:]?(?![a-z0-9])/g

/** Patterns of what was typed to find jobs; none: nothing was. A number is searched for without the words around it. */
export const jobPatterns = (typed = ''): string[] =>
  wordPatterns(
    foldTyped(typed).join(' ').replaceAll(/[()]/g, ' ').replaceAll(SHOWN_NUMBER, '$1').split(' ').filter(Boolean),
  )

/** What the office searches by. */
export interface OfficeSearch {
  patterns: string[]
  /** Jobs that match, within the caller's reach; null when the words are too common or too short for the index. */
  ids: string[] | null
}

/** Undefined when nothing is searched for. */
export async function searchOffice(db: Read, search: string | undefined): Promise<OfficeSearch | undefined> {
  const patterns = jobPatterns(search)
  if (patterns.length === 0) return undefined
  const {
    rows: [row],
  } = await sql<{ ids: string[] | null }>`
    select find_office_jobs(${patterns}, ${INDEX_MATCHES_MAX}) as ids`.execute(db as Write)
  return { patterns, ids: row!.ids }
}

// ---- search texts ----

type SearchedColumns = Pick<JobRecord, 'number' | 'title' | 'address' | 'tags' | 'external_reference' | 'fields'>

/** What a search finds a job by; for customers and workers only what they may see of it. Customers' names are in their own table. */
export function searchTexts(job: SearchedColumns, fields: readonly Field[]): SearchTexts {
  const forAll = [String(job.number), job.title, job.address]
  const forStaff = [...forAll, ...job.tags, job.external_reference]
  const textFor = (audience: FieldAudience) => buildSearchText(fields, job.fields, audience)
  const [forOffice, forWorkers] = [textFor('office'), textFor('worker')]
  return {
    search_text_portal: fold(...forAll, textFor('portal')),
    search_text_office: fold(...forStaff, forOffice),
    search_text_worker: forWorkers === forOffice ? null : fold(...forStaff, forWorkers),
  }
}

interface SearchTexts {
  search_text_portal: string
  search_text_office: string
  /** Null: the same as the office's. */
  search_text_worker: string | null
}

const REFOLD_BATCH = 500

/**
 * Writes the search texts of all jobs of a template again. Call it when a field becomes hidden or visible, in the same
 * transaction, or a customer could search for what is hidden now (PS-14). Returns the number of jobs.
 */
export async function refoldJobs(db: Write, account: string, template: string): Promise<number> {
  const fieldsByVersion = new Map<number, Field[]>()
  let lastId = '00000000-0000-0000-0000-000000000000'
  let count = 0
  for (;;) {
    const rows = await db
      .selectFrom('jobs')
      .selectAll()
      .where('account_id', '=', account)
      .where('template_id', '=', template)
      .where('id', '>', lastId)
      .orderBy('id')
      .limit(REFOLD_BATCH)
      .execute()
    if (rows.length === 0) return count
    const jobs = rows as unknown as JobRecord[]
    for (const { template_id, template_version: version } of jobs) {
      if (fieldsByVersion.has(version)) continue
      fieldsByVersion.set(version, await fieldsOf(db, account, { template_id, template_version: version }))
    }
    await writeSearchTexts(
      db,
      account,
      jobs.map(({ id, ...job }) => ({ id, ...searchTexts(job, fieldsByVersion.get(job.template_version)!) })),
    )
    count += jobs.length
    lastId = jobs.at(-1)!.id
  }
}

async function writeSearchTexts(
  db: Write,
  account: string,
  texts: readonly (SearchTexts & { id: string })[],
): Promise<void> {
  const ids = texts.map((text) => text.id)
  const portal = texts.map((text) => text.search_text_portal)
  const office = texts.map((text) => text.search_text_office)
  const worker = texts.map((text) => text.search_text_worker)
  await sql`
    update jobs j set
      search_text_portal = v.portal, search_text_office = v.office, search_text_worker = v.worker
    from unnest(${ids}::uuid[], ${portal}::text[], ${office}::text[], ${worker}::text[])
      as v(id, portal, office, worker)
    where j.account_id = ${account} and j.id = v.id`.execute(db)
}
