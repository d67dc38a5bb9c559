/** One ticket with everything its page shows, in one statement that travels with the look-up of the caller. */
import { finalStatement, hotStatement } from '../../../platform/database/statements.ts'
import type { Read } from '../../../platform/operation.ts'
import { recordColumns } from '../../records/queries.ts'
import type { ParentRecords, RecordAudience } from '../../records/rules.ts'
import type { TicketRecord } from '../queries.ts'
import type { TicketStatus } from '../rules.ts'

interface NamedContact {
  id: string
  name: string
}

export interface TicketPageRecords extends ParentRecords<TicketStatus> {
  ticket: TicketRecord & {
    customer: string
    assignee: string | null
    /** Contact and participants, as far as this actor reaches them. */
    people: NamedContact[]
    jobs: { id: string; number: number; title: string }[]
    merged_into: { id: string; number: number } | null
  }
}

type TicketPageRow = TicketPageRecords['ticket'] & ParentRecords<TicketStatus>

const ACCOUNT = "(select nullif(current_setting('app.account', true), '')::uuid)"

/** `$1` the ticket. */
const pageText = (audience?: RecordAudience) => `
  select t.*, coalesce(c.name, '') as customer, coalesce(w.name, w.email) as assignee,
    (select coalesce(json_agg(json_build_object('id', p.id, 'name', p.name) order by p.name, p.id), '[]')
      from contacts p
      where p.account_id = ${ACCOUNT} and p.id = any (array[t.contact_id] || t.participants)) as people,
    (select coalesce(json_agg(json_build_object('id', j.id, 'number', j.number, 'title', j.title) order by j.id), '[]')
      from jobs j where j.account_id = ${ACCOUNT} and j.ticket_id = t.id) as jobs,
    (select json_build_object('id', m.id, 'number', m.number)
      from tickets m where m.account_id = ${ACCOUNT} and m.id = t.merged_into_id) as merged_into,
    ${recordColumns({ kind: 'ticket', parent: 't.id', account: ACCOUNT, ...(audience && { audience }) })}
  from tickets t
  left join customers c on c.account_id = ${ACCOUNT} and c.id = t.customer_id
  left join staff_members w on w.account_id = ${ACCOUNT} and w.id = t.assignee_id
  where t.account_id = ${ACCOUNT} and t.id = $1`
const officePage = hotStatement<TicketPageRow>(pageText())
const portalPage = hotStatement<TicketPageRow>(pageText('customer'))

/** Undefined when this actor does not reach the ticket. Ends its transaction. */
export const loadTicketPage = async (db: Read, ticket: string): Promise<TicketPageRecords | undefined> =>
  pageRecords(await officePage(finalStatement(db), ticket))

/** The same of what is written for customers. Ends its transaction. */
export const loadPortalTicketPage = async (db: Read, ticket: string): Promise<TicketPageRecords | undefined> =>
  pageRecords(await portalPage(finalStatement(db), ticket))

function pageRecords([row]: TicketPageRow[]): TicketPageRecords | undefined {
  if (!row) return undefined
  const { history, comments, files, ...ticket } = row
  for (const record of [...history, ...comments, ...files]) record.created_at = new Date(record.created_at)
  return { ticket, history, comments, files }
}
