/** Two accounts, and a call of every definer function that would read or change something of the second. */
import { newId } from '../src/platform/ids.ts'
import type { TestServer } from './test-server.ts'

/** A call that would read or change something of `there`. */
export interface Call {
  sql: string
  values: unknown[]
  /** Refused to a portal user whom it is not about, also within the account. */
  closedToStrangers: boolean
  /** Has an effect only before the transaction has an account. */
  beforeAccount?: true
}

const HASH = Buffer.alloc(32, 7)
const INVITATION_HASH = Buffer.alloc(32, 8)
const NOW = new Date('2026-11-26T10:00:00Z')
const LATER = new Date('2026-12-26T10:00:00Z')

export interface DefinerWorld {
  here: string
  there: string
  /** Portal users of `there`: whom the calls are about, and another. */
  user: string
  stranger: string
  calls: Record<string, Call>
  /** Rows in `there` that the calls are about, inserted in each transaction that is rolled back. */
  rows: [table: string, row: object][]
}

export async function createDefinerWorld(server: TestServer): Promise<DefinerWorld> {
  const [one, other] = [await server.business(), await server.business()]
  const customer = await other.customer()
  const portalUser = await other.portalUser({ customers: [customer] })
  const here = one.id
  const there = other.id
  const user = portalUser.id
  const stranger = (await other.portalUser({ customers: [] })).id
  const template = await other.template()
  await other.owner.ok('updateTicketSettings', { version: 1, defaultAssignee: other.owner.id })
  const [signedUp, member, ownCustomer] = [newId(), newId(), newId()]
  const [job, mail, ticket] = [newId(), newId(), newId()]
  const at = { created_at: NOW, updated_at: NOW }
  const login = { account_id: there, search_text: '', ...at }
  const mailed = { account_id: there, created_at: NOW, expires_at: LATER }
  const rows: DefinerWorld['rows'] = [
    [
      'portal_users',
      {
        ...login,
        id: signedUp,
        email: 'a@b.example',
        email_norm: 'a@b.example',
        status: 'signed_up',
        locale: 'en',
        templates_mode: 'default',
        templates: [],
        version: 1,
      },
    ],
    [
      'staff_members',
      {
        account_id: there,
        id: member,
        person_id: newId(),
        email: 'm@b.example',
        role: 'worker',
        status: 'invited',
        ...at,
      },
    ],
    [
      'tokens',
      {
        ...mailed,
        id: newId(),
        kind: 'portalActivation',
        subject_id: user,
        hash: `\\x${HASH.toString('hex')}`,
        email_norm: portalUser.email,
      },
    ],
    [
      'tokens',
      {
        ...mailed,
        id: newId(),
        kind: 'staffInvitation',
        subject_id: member,
        hash: `\\x${INVITATION_HASH.toString('hex')}`,
        email_norm: 'm@b.example',
      },
    ],
    [
      'customers',
      {
        account_id: there,
        id: ownCustomer,
        name: 'Own',
        notes: '',
        status: 'active',
        lock_epoch: 0,
        version: 1,
        created_for_user_id: user,
        search_text: '',
        ...at,
      },
    ],
    [
      'tickets',
      {
        ...{ account_id: there, id: ticket, number: 77, customer_id: customer, participants: [], tags: [], version: 1 },
        ...{ subject: 'x', description: '', status: 'new', priority: 'normal', assignee_id: other.owner.id },
        ...{ source: 'portal', created_by_kind: 'portalUser', search_text_portal: '', search_text_office: '', ...at },
      },
    ],
    [
      'jobs',
      {
        account_id: there,
        id: job,
        number: 77,
        customer_id: customer,
        template_id: template,
        template_version: 1,
        title: 'x',
        fields: {},
        tags: [],
        status: 'declined',
        worker_id: member,
        created_by_kind: 'system',
        search_text_portal: '',
        search_text_office: '',
        version: 1,
        ...at,
      },
    ],
    [
      'files',
      {
        account_id: there,
        id: newId(),
        parent_kind: 'job',
        parent_id: job,
        customer_id: customer,
        audience: 'internal',
        uploader_kind: 'staff',
        name: 'x',
        type: 'x',
        size: 5,
        storage_key: 'secret-key',
        created_at: NOW,
      },
    ],
    [
      'outbox',
      {
        account_id: there,
        id: mail,
        kind: 'x',
        channel: 'email',
        to_address: 'x',
        locale: 'en',
        payload: {},
        secret: false,
        urgent: false,
        status: 'failed',
        attempts: 1,
        next_at: NOW,
        lease_number: 0,
        message_id: 'x',
        created_at: NOW,
      },
    ],
    ['counters', { account_id: there, kind: 'probe', next: 2000 }],
    [
      'portal_views',
      {
        account_id: there,
        id: newId(),
        principal: `staff:${member}`,
        staff_member_id: member,
        staff_name: 'Ruth Calloway',
        session_id: newId(),
        kind: 'portalUser',
        portal_user_id: user,
        name: 'Somebody',
        started_at: NOW,
        seen_at: NOW,
      },
    ],
  ]
  const anybody = (sql: string, ...values: unknown[]): Call => ({ sql, values, closedToStrangers: false })
  const closed = (sql: string, ...values: unknown[]): Call => ({ sql, values, closedToStrangers: true })
  const beforeAccount = (sql: string, ...values: unknown[]): Call => ({
    ...anybody(sql, ...values),
    beforeAccount: true,
  })
  const token = (kind: string, email: string) =>
    JSON.stringify({
      id: newId(),
      kind,
      user,
      hash: newId().replaceAll('-', ''),
      emailNorm: email,
      at: NOW,
      expires: LATER,
    })
  const calls: DefinerWorld['calls'] = {
    accept_staff_invitation: anybody('accept_staff_invitation($1, $2, $3, $4)', there, INVITATION_HASH, 'N', NOW),
    begin_sign_in: beforeAccount(
      'begin_sign_in($1, $2, $3, $4, $5, $6)',
      there,
      portalUser.email,
      'probe:l',
      'probe:a',
      null,
      NOW,
    ),
    change_account_slug: closed('change_account_slug($1, $2, $3)', there, 'taken-over', NOW),
    change_own_portal_user: closed(
      'change_own_portal_user($1, $2, $3, $4, $5, $6)',
      there,
      user,
      ['active'],
      '{}',
      '{"name": "Taken"}',
      NOW,
    ),
    consume_portal_token: anybody('consume_portal_token($1, $2, $3, $4)', there, 'portalActivation', HASH, NOW),
    count_failed_sign_in: anybody('count_failed_sign_in($1, $2)', there, NOW),
    create_portal_token: anybody('create_portal_token($1, $2)', there, token('portalReset', portalUser.email)),
    default_ticket_assignee: anybody('default_ticket_assignee($1)', there),
    detach_automatic_customer: closed('detach_automatic_customer($1, $2)', there, user),
    end_all_portal_sessions: closed('end_all_portal_sessions($1)', there),
    end_portal_sessions: closed('end_portal_sessions($1, $2, null, null)', there, user),
    find_portal_login: beforeAccount('to_json(find_portal_login($1, $2))', there, portalUser.email),
    find_portal_token: anybody('to_json(find_portal_token($1, $2, $3, true))', there, 'portalActivation', HASH),
    find_sent_emails: anybody('find_sent_emails($1)', there),
    is_portal_token_open: anybody(
      'is_portal_token_open($1, $2, $3, $4, $5)',
      there,
      'portalActivation',
      HASH,
      portalUser.email,
      NOW,
    ),
    is_staff_invitation_open: anybody('is_staff_invitation_open($1, $2, $3)', there, INVITATION_HASH, NOW),
    list_exclusive_storage_keys: closed('list_exclusive_storage_keys($1, $2)', there, job),
    list_portal_sessions: closed('to_json(list_portal_sessions($1, $2, $3))', there, user, NOW),
    list_portal_token_times: anybody('list_portal_token_times($1, $2, $3)', there, 'portalActivation', user),
    list_portal_views: closed('to_json(list_portal_views($1, $2))', there, user),
    list_staff_invitations: closed('to_json(list_staff_invitations($1))', there),
    load_account: anybody('load_account($1)', there),
    lock_portal_login: closed('lock_portal_login($1, $2)', there, user),
    lock_portal_login_of_address: anybody('lock_portal_login_of_address($1, $2)', there, portalUser.email),
    measure_storage: anybody('to_json(measure_storage($1, $2, $3, $4))', there, job, 'staff', member),
    record_default_assignee: anybody('record_default_assignee($1, $2, $3, $4)', there, ticket, newId(), NOW),
    record_portal_sign_in: anybody(
      'record_portal_sign_in($1, $2, (select $3::text), $4)',
      there,
      user,
      'the hash',
      NOW,
    ),
    release_declined_job: closed('release_declined_job($1, $2, $3)', there, job, NOW),
    replace_portal_sign_up: anybody(
      'replace_portal_sign_up($1, $2, null, $3, $4, $5)',
      there,
      signedUp,
      'signed_up',
      '',
      NOW,
    ),
    replace_portal_tokens: closed('replace_portal_tokens($1, $2, $3, $4)', there, user, ['portalActivation'], NOW),
    replace_staff_invitations: closed('replace_staff_invitations($1, $2, $3)', there, member, NOW),
    resend_message: closed('resend_message($1, $2, $3)', there, mail, NOW),
    reserve_numbers: anybody('reserve_numbers($1, $2, 3)', there, 'probe'),
    return_numbers: anybody('return_numbers($1, $2, 3)', there, 'probe'),
    sign_up_portal_user: anybody(
      'sign_up_portal_user($1, $2)',
      there,
      JSON.stringify({
        id: newId(),
        email: 'n@b.example',
        email_norm: 'n@b.example',
        locale: 'en',
        search_text: '',
        created_at: NOW,
      }),
    ),
  }
  return { here, there, user, stranger, calls, rows }
}
