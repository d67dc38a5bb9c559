-- widens: nothing
-- Definer functions for staff invitations, names, numbers and accounts. Each compares the account it is given with the
-- transaction's, and its comment says who may call it (test/tables.test.ts).

-- ---- staff ----

create view staff_names with (security_barrier) as
  select m.account_id, m.id, m.name
  from staff_members m
  where m.account_id = (select nullif(current_setting('app.account', true), '')::uuid);
comment on view staff_names is
  'Names of the staff of the transaction''s account, for customers'' pages: addresses and roles are not for them.';
grant select on staff_names to portico_app;

create function create_staff_invitation(p_token jsonb) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into tokens (account_id, id, kind, subject_id, hash, email_norm, created_at, expires_at)
  select
    m.account_id, (p_token ->> 'id')::uuid, 'staffInvitation', m.id, decode(p_token ->> 'hash', 'hex'),
    p_token ->> 'emailNorm', (p_token ->> 'at')::timestamptz, (p_token ->> 'expires')::timestamptz
  from staff_members m
  where m.account_id = context_account() and m.id = (p_token ->> 'member')::uuid and m.status = 'invited'
    and is_office_staff();
  return found;
end $$;
comment on function create_staff_invitation(jsonb) is
  'Creates the link of an invited member of staff. False for any other member. Called by office staff.';
grant execute on function create_staff_invitation(jsonb) to portico_app;

create function replace_staff_invitations(p_account_id uuid, p_member_id uuid, p_now timestamptz) returns void
  language sql security definer set search_path = public, pg_temp as $$
  update tokens t set replaced_at = p_now
  where t.account_id = p_account_id and is_context_account(p_account_id)
    and t.kind = 'staffInvitation' and t.subject_id = p_member_id
    and t.used_at is null and t.replaced_at is null and is_office_staff()
$$;
comment on function replace_staff_invitations(uuid, uuid, timestamptz) is
  'Ends the open links of an invited member of staff. Called by office staff.';
grant execute on function replace_staff_invitations(uuid, uuid, timestamptz) to portico_app;

create function list_staff_invitations(p_account_id uuid) returns table (subject_id uuid, expires_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp as $$
  select t.subject_id, t.expires_at
  from tokens t
  where t.account_id = p_account_id and is_context_account(p_account_id)
    and t.kind = 'staffInvitation'
    and t.used_at is null and t.replaced_at is null and is_office_staff()
$$;
comment on function list_staff_invitations(uuid) is
  'The member and the end of each open invitation. Called by office staff.';
grant execute on function list_staff_invitations(uuid) to portico_app;

create function accept_staff_invitation(p_account_id uuid, p_hash bytea, p_name text, p_now timestamptz) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  member_id uuid;
begin
  update tokens t set used_at = p_now
  where t.account_id = p_account_id and is_context_account(p_account_id)
    and t.kind = 'staffInvitation' and t.hash = p_hash
    and t.used_at is null and t.replaced_at is null and t.expires_at > p_now
  returning t.subject_id into member_id;
  update staff_members m set status = 'active', name = p_name, updated_at = p_now
  where m.account_id = p_account_id and is_context_account(p_account_id)
    and m.id = member_id and m.status = 'invited';
  return found;
end $$;
comment on function accept_staff_invitation(uuid, bytea, text, timestamptz) is
  'Uses an open invitation and activates its member; of several requests at once one gets true. '
  'Called by the invited person, whose transaction entered the account: the token is the permission.';
grant execute on function accept_staff_invitation(uuid, bytea, text, timestamptz) to portico_app;

create function is_staff_invitation_open(p_account_id uuid, p_hash bytea, p_now timestamptz) returns boolean
  language sql stable security definer set search_path = public, pg_temp as $$
  select exists (
    select from tokens t
    join staff_members m on m.account_id = t.account_id and m.id = t.subject_id and m.status = 'invited'
    where t.account_id = p_account_id and is_context_account(p_account_id)
      and t.kind = 'staffInvitation' and t.hash = p_hash
      and t.used_at is null and t.replaced_at is null and t.expires_at > p_now)
$$;
comment on function is_staff_invitation_open(uuid, bytea, timestamptz) is
  'Whether a mailed invitation still works. '
  'Called by the deliverer, as portico_system, and by an owner who copies an invitation.';
grant execute on function is_staff_invitation_open(uuid, bytea, timestamptz) to portico_app, portico_system;

create or replace function find_staff_invitation(p_hash bytea)
  returns table (
    account_id uuid, token_id uuid, member_id uuid, person_id uuid, email text, name text, role text,
    member_status text, business text, accent text, slug text,
    expires_at timestamptz, used_at timestamptz, replaced_at timestamptz, has_password boolean)
  language sql stable security definer set search_path = public, pg_temp as $$
  select t.account_id, t.id, m.id, m.person_id, m.email, p.name, m.role, m.status,
    s.name, s.accent, slugs.slug, t.expires_at, t.used_at, t.replaced_at,
    p.password_hash is not null
  from tokens t
  join accounts a on a.id = t.account_id and a.status = 'active'
  join account_settings s on s.account_id = t.account_id
  join account_slugs slugs on slugs.account_id = t.account_id and slugs.is_current
  join staff_members m on m.account_id = t.account_id and m.id = t.subject_id
  join people p on p.id = m.person_id
  where t.hash = p_hash and t.kind = 'staffInvitation' and is_context_account_if_any(t.account_id)
$$;
comment on function find_staff_invitation(bytea) is
  'What an invitation to the staff of an account is about. '
  'Called by anybody, before the transaction has an account: the token is the permission and names the account.';

-- ---- numbers ----

create function reserve_numbers(p_account_id uuid, p_kind text, p_count int) returns bigint
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  first bigint;
begin
  if p_count < 1 or not is_context_account(p_account_id) then
    raise exception 'Numbers are reserved within an account, one or more' using errcode = '42501';
  end if;
  insert into counters as c (account_id, kind, next)
  values (p_account_id, p_kind, 1001 + p_count)
  on conflict (account_id, kind) do update set next = c.next + p_count
  returning next - p_count into first;
  return first;
end $$;
comment on function reserve_numbers(uuid, text, int) is
  'Reserves consecutive numbers and answers the first. A rollback leaves no gap. '
  'Called by whoever creates a record of that kind: staff, portal users, and imports as portico_system.';
grant execute on function reserve_numbers(uuid, text, int) to portico_app, portico_system;

create function return_numbers(p_account_id uuid, p_kind text, p_count int) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update counters c set next = c.next - p_count
  where c.account_id = p_account_id and is_context_account(p_account_id) and c.kind = p_kind and p_count > 0
    -- Reserved by this transaction, whose lock keeps others from taking later ones.
    and c.xmin = pg_current_xact_id()::xid;
  return found;
end $$;
comment on function return_numbers(uuid, text, int) is
  'Gives back numbers that this transaction reserved and did not use. Called by the transaction that reserved them.';
grant execute on function return_numbers(uuid, text, int) to portico_app;

-- ---- the account ----

create or replace function change_account_slug(p_account_id uuid, p_slug text, p_now timestamptz) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if not (is_context_account(p_account_id) and is_office_staff()) then
    raise exception 'Only its office changes the address of an account' using errcode = '42501';
  end if;
  -- Changes of one account run one after the other.
  perform from accounts a where a.id = p_account_id for update;
  delete from account_slugs s
  where s.slug = p_slug and s.account_id <> p_account_id
    and not s.is_current and s.retired_at <= p_now - interval '1 year';
  insert into account_slugs as s (slug, account_id, is_current, retired_at, created_at)
  values (p_slug, p_account_id, false, p_now, p_now)
  on conflict (slug) do update set retired_at = s.retired_at
  where s.account_id = p_account_id;
  if not found then
    return false;
  end if;
  update account_slugs s set is_current = false, retired_at = p_now
  where s.account_id = p_account_id and s.is_current and s.slug <> p_slug;
  update account_slugs s set is_current = true, retired_at = null
  where s.account_id = p_account_id and s.slug = p_slug;
  return true;
end $$;
comment on function change_account_slug(uuid, text, timestamptz) is
  'Gives the account another slug and retires the old one. False, and nothing is changed, when another account has it. '
  'Called by office staff, for the account of the transaction.';

create or replace function load_account(p_account_id uuid) returns json
  language sql stable security definer set search_path = public, pg_temp as $$
  select account_to_json(slugs.slug, a, s, p)
  from accounts a
  join account_slugs slugs on slugs.account_id = a.id and slugs.is_current
  join account_settings s on s.account_id = a.id
  join portal_settings p on p.account_id = a.id
  where a.id = p_account_id and is_context_account_if_any(p_account_id)
$$;
comment on function load_account(uuid) is
  'The account as account_to_json describes it; null when there is none. '
  'Called by the look-up of a caller, before the transaction has an account, and for the mails of its account.';

create or replace function find_portal_login(p_account_id uuid, p_email_norm text)
  returns table (id uuid, password_hash text, status text, name text)
  language sql stable security definer set search_path = public, pg_temp as $$
  select u.id, u.password_hash, u.status, u.name
  from portal_users u
  where u.account_id = p_account_id and is_context_account_if_any(p_account_id)
    and u.email_norm = p_email_norm and u.status <> 'removed'
$$;
comment on function find_portal_login(uuid, text) is
  'Returns the password hash for a portal sign-in. '
  'Called by sign-in, sign-up and password changes, before the transaction has an account.';

-- ---- records ----

create or replace function detach_automatic_customer(p_account_id uuid, p_portal_user_id uuid) returns void
  language sql security definer set search_path = public, pg_temp as $$
  update customers c set created_for_user_id = null
  where c.account_id = p_account_id and c.created_for_user_id = p_portal_user_id
    and is_context_account(p_account_id) and p_portal_user_id = context_actor('portalUser')
    and not exists (
      select 1 from portal_links l
      where l.account_id = p_account_id and l.portal_user_id = p_portal_user_id and l.customer_id = c.id)
$$;
comment on function detach_automatic_customer(uuid, uuid) is
  'Lets a user who was unlinked from their automatic customer get a new one, whom the user can no longer see. '
  'Called by a booking, for the signed-in portal user.';

create or replace function release_declined_job(p_account_id uuid, p_job_id uuid, p_now timestamptz) returns void
  language sql security definer set search_path = public, pg_temp as $$
  update jobs j set status = 'unassigned', worker_id = null, version = version + 1, updated_at = p_now
  where j.account_id = p_account_id and j.id = p_job_id and j.status = 'declined'
    and is_context_account(p_account_id)
    and (is_office_staff() or j.worker_id = context_actor('staff'))
$$;
comment on function release_declined_job(uuid, uuid, timestamptz) is
  'Unassigns a declined job (E-40), after which its worker can no longer see the row. '
  'Called by the worker who declined it, and by office staff.';

create or replace function list_exclusive_storage_keys(p_account_id uuid, p_job_id uuid) returns text[]
  language sql stable security definer set search_path = public, pg_temp as $$
  select coalesce(array_agg(f.storage_key), '{}')
  from jobs j
  join files f on f.account_id = j.account_id and f.job_id = j.id
  where j.account_id = p_account_id and j.id = p_job_id and is_context_account(p_account_id)
    and (
      is_office_staff()
      or j.customer_id = any (nullif(current_setting('app.jobs_of', true), '')::uuid[]))
    and not exists (
      select 1 from files o
      where o.account_id = p_account_id and o.storage_key = f.storage_key and o.job_id is distinct from p_job_id)
$$;
comment on function list_exclusive_storage_keys(uuid, uuid) is
  'Returns the storage keys that only this job uses, so they can be deleted with it, internal files included. '
  'Called by those who may delete the job: office staff and users of its customer.';

create or replace function resend_message(p_account_id uuid, p_message_id uuid, p_now timestamptz) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  -- The message is urgent because the person who resends it is waiting for it.
  update outbox set
    status = 'waiting', next_at = p_now, urgent = true, attempts = 0, last_result = null,
    lease_until = null, lease_number = lease_number + 1
  where account_id = p_account_id and id = p_message_id and is_context_account(p_account_id) and is_office_staff()
    and status in ('failed', 'waiting') and not (secret and payload is null);
  return found;
end $$;
comment on function resend_message(uuid, uuid, timestamptz) is
  'Makes a failed or waiting message due now. Returns false when it cannot be sent again. '
  'Called by office staff: portico_app cannot update the outbox.';

-- ---- who may call the others ----

comment on function consume_rate_limits(text[], int[], int[], timestamptz) is
  'Counts one use of each bucket. Answers the longest wait in seconds, 0 when all are within their limits. '
  'Called by every operation with limits, before or within its transaction.';
comment on function consume_caller_limit(text, int, int, timestamptz) is
  'Counts one use of an operation by the actor of this transaction, in the bucket of limits.ts. '
  'A rollback undoes the count. Called by operations of portal users, within their transaction.';
comment on function clear_rate_limit(text) is
  'Resets the count of a bucket. Called by a sign-in or password reset that succeeded.';
comment on function is_installation_empty() is
  'True until the first account exists. Called by set-up, for anybody.';
comment on function create_account(jsonb) is
  'Creates an account with its slug, settings, portal and owner, all in one transaction. '
  'Called by set-up, after it used the set-up link, before the transaction has an account.';
comment on function find_account_slug(text, timestamptz) is
  'The account of a slug or host. `moved` names its current slug when this one was retired within a year. '
  'Called by the look-up of a caller, before the transaction has an account: slugs are public.';
comment on function find_or_create_person(jsonb) is
  'The person of an email address. Name and password are set only while the person has no password. '
  'Called by set-up, by office staff who invite, and by the invited person.';
comment on function find_person_login(text) is
  'Returns the password hash for a sign-in. Called by sign-in and forgotten password, before anybody is identified.';
comment on function find_person_password(uuid) is
  'The hash that a person''s current password is compared with, before it changes. '
  'Called by a password change, for the person themselves.';
comment on function set_person_password(uuid, text, timestamptz) is
  'Changes a password and ends all reset links of the person. '
  'Called by the person themselves, signed in or with a reset link that this transaction used.';
comment on function set_person_name(uuid, text, timestamptz) is
  'Renames a person, with the copies in all of their accounts. Called by the person themselves.';
comment on function list_person_accounts(uuid) is
  'Returns the accounts that a person can switch between. Called by the person themselves.';
comment on function find_first_account(uuid) is
  'The account in whose name a password mail is sent; null when the person is active nowhere. '
  'Called by forgotten password and password reset.';
comment on function start_person_session(jsonb) is
  'Creates a session, identified by the hash of its token. '
  'Called by sign-in, set-up and an accepted invitation, after they verified the person.';
comment on function list_person_sessions(uuid, timestamptz) is
  'Returns the active sessions of a person, newest first. Called by the person themselves.';
comment on function end_person_sessions(uuid, uuid, uuid) is
  'Ends one session, all, or all but one. Answers how many ended. Called by the person themselves.';
comment on function create_person_token(jsonb) is
  'Creates a one-time link for a person, identified by the hash of its token. Called by forgotten password.';
comment on function create_set_up_token(jsonb) is
  'The set-up link of an empty installation, which ends all earlier ones. False when there is an account. '
  'Called by the start of a server.';
comment on function find_person_token(bytea, text) is
  'Returns what a one-time link is for. Called by anybody: the token is the permission.';
comment on function consume_person_token(bytea, text, timestamptz) is
  'Uses a link. Answers its person, for a set-up link its own id, and null when it is used, expired or unknown. '
  'Called by anybody: the token is the permission.';
comment on function find_portal_jobs(uuid[], text[], int) is
  'Jobs of these customers that hold all words, in the portal''s text or the customer''s name, within the reach of the '
  'portal user. Null: the words are too common or too short for the index. Called by a portal user''s search.';
comment on function find_office_jobs(text[], int) is
  'Jobs that hold all words, in the office''s text or their customer''s, within the reach of the member of staff. '
  'Null: the words are too common or too short for the index. Called by a search of staff.';
comment on function find_person_session(bytea, timestamptz) is
  'The person of a live session, and a note of its use once a minute. Null: it has ended or never existed. '
  'Called by the two look-ups of a person below.';
comment on function find_person_caller(bytea, timestamptz) is
  'The person who is calling, outside any account. Called by every request of people, before its transaction.';
comment on function find_office_caller(text, bytea, timestamptz) is
  'Account, person and membership of an office request. A worker''s customers are those of their open jobs. '
  'Called by every office request, before its transaction.';
comment on function find_portal_caller(text, jsonb, timestamptz) is
  'Account and portal user of a portal request, and a note of the session''s use once a minute. '
  'Called by portal requests that need the caller before their transaction.';
