/** One job with everything its page shows, in one statement. */
import { finalStatement, hotStatement } from '../../../platform/database/statements.ts'
import type { Read } from '../../../platform/operation.ts'
import { recordColumns } from '../../records/queries.ts'
import type { ParentRecords, RecordAudience } from '../../records/rules.ts'
import { resolveJobFields, type Field } from '../../templates/fields/rules.ts'
import type { JobRecord } from '../queries.ts'
import type { JobStatus } from '../rules.ts'

/** Names of the records beside a job. */
export interface JobNames {
  /** That the job was created from, if this actor reaches it. */
  ticket: { id: string; number: number; subject: string } | null
  customer: string
  reference: string | null
  template: string
  icon: string
  worker: string | null
}

/** Someone at the customer of a job. */
interface JobContact {
  id: string
  name: string
  role: string | null
  phone: string | null
  email: string | null
}

export interface JobPageRecords extends ParentRecords<JobStatus> {
  job: JobRecord & JobNames
  fields: Field[]
  sites: { id: string; name: string | null; address: string }[]
  /** The primary contact first. Only for the office. */
  contacts: JobContact[]
  billingPhone: string | null
}

/** Most contacts that a job shows; its customer shows all. */
const CONTACTS_SHOWN = 5

type JobPageRow = JobRecord &
  JobNames &
  Omit<JobPageRecords, 'job' | 'fields' | 'contacts' | 'billingPhone'> & {
    /** Fields of the version the job was made with, and of the current one. */
    versions: Record<number, Field[]>
    current_version: number
    contacts?: JobContact[]
    billing_phone?: string | null
  }

interface PageSource {
  /** SQL: a parameter or a setting. */
  account: string
  /** SQL of the job's id. */
  job: string
  /** SQL of the worker's name, a member of staff `w`. */
  worker: string
  /** Where `w` is read from. */
  staff: 'staff_members' | 'staff_names'
  /** Only what is written for this audience is read. */
  audience?: RecordAudience
  /** SQL of further columns. */
  columns?: string
}

const pageStatement = ({ account, job, worker, staff, audience, columns = '' }: PageSource) =>
  hotStatement<JobPageRow>(`
  select j.*, coalesce(c.name, '') as customer, c.reference, t.name as template, t.icon,
    ${worker} as worker,${columns}
    case when j.ticket_id is not null then (
      select json_build_object('id', k.id, 'number', k.number, 'subject', k.subject)
      from tickets k where k.account_id = ${account} and k.id = j.ticket_id) end as ticket,
    (select json_object_agg(v.version, v.fields) from template_versions v
      where v.account_id = ${account} and v.template_id = j.template_id
        and v.version = any (array[j.template_version, t.version])) as versions,
    t.version as current_version,
    ${recordColumns({ kind: 'job', parent: 'j.id', account, ...(audience && { audience }) })},
    (select coalesce(
        json_agg(json_build_object('id', s.id, 'name', s.name, 'address', s.address) order by s.created_at, s.id), '[]')
      from sites s
      where s.account_id = ${account} and s.customer_id = j.customer_id and s.status = 'active') as sites
  from jobs j
  left join customers c on c.account_id = ${account} and c.id = j.customer_id
  join templates t on t.account_id = ${account} and t.id = j.template_id
  left join ${staff} w on w.account_id = ${account} and w.id = j.worker_id
  where j.account_id = ${account} and j.id = ${job}`)

const officePage = pageStatement({
  account: '$1',
  job: '$2',
  staff: 'staff_members',
  worker: 'coalesce(w.name, w.email)',
  columns: `
    c.billing_phone,
    (select coalesce(json_agg(contact), '[]') from (
      select p.id, p.name, p.role, p.phone, p.email from contacts p
      where p.account_id = $1 and p.customer_id = j.customer_id and p.status = 'active'
        and (p.phone is not null or p.email is not null)
      order by p.is_primary desc, p.name, p.id limit ${CONTACTS_SHOWN}) contact) as contacts,`,
})
// Sent with the look-up of the caller, so the account comes from the transaction's own settings.
const portalPage = pageStatement({
  account: "(select nullif(current_setting('app.account', true), '')::uuid)",
  job: '$1',
  staff: 'staff_names',
  worker: 'w.name',
  audience: 'customer',
})

/** Undefined when this actor does not reach the job. */
export const loadJobPage = async (db: Read, account: string, job: string): Promise<JobPageRecords | undefined> =>
  pageRecords(await officePage(db, account, job))

/** The same of what is written for customers. Ends its transaction. */
export const loadPortalJobPage = async (db: Read, job: string): Promise<JobPageRecords | undefined> =>
  pageRecords(await portalPage(finalStatement(db), job))

function pageRecords([row]: JobPageRow[]): JobPageRecords | undefined {
  if (!row) return undefined
  const { versions, current_version: currentVersion, history, comments, files, sites, ...others } = row
  const { contacts = [], billing_phone: billingPhone = null, ...job } = others
  for (const record of [...history, ...comments, ...files]) record.created_at = new Date(record.created_at)
  const fields = resolveJobFields(versions[job.template_version] ?? [], versions[currentVersion] ?? [])
  return { job, fields, history, comments, files, sites, contacts, billingPhone }
}
