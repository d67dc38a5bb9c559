-- The business itself, its staff, its journals.

create table account_settings (
  account_id uuid not null constraint account_settings_account_fk references accounts,
  name text not null,
  time_zone text not null,
  locale text not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  accent text not null default '#0f6b7c' check (accent ~ '^#[0-9a-f]{6}$'),
  logo_key text,
  logo_type text,
  support_email text,
  support_phone text,
  postal_address text,
  version int not null default 1,
  updated_at timestamptz not null,
  constraint account_settings_pk primary key (account_id)
);
comment on table account_settings is 'class: tenant. Name, zone, words and looks of the business.';

create table staff_members (
  account_id uuid not null constraint staff_members_account_fk references accounts,
  id uuid not null,
  person_id uuid not null constraint staff_members_person_fk references people,
  email text not null,
  name text,
  role text not null check (role in ('owner', 'admin', 'dispatcher', 'worker')),
  status text not null check (status in ('invited', 'active', 'deactivated')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint staff_members_pk primary key (account_id, id),
  constraint staff_members_person_unique unique (account_id, person_id)
);
comment on table staff_members is 'class: tenant. A person''s place in one account. Name and email are copies: the app role cannot read people.';
create index staff_members_person on staff_members (person_id);

create table tokens (
  account_id uuid not null,
  id uuid not null,
  kind text not null check (kind in ('portalActivation', 'portalReset', 'portalEmailChange', 'staffInvitation')),
  subject_id uuid not null,
  hash bytea not null,
  email_norm text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  replaced_at timestamptz,
  constraint tokens_pk primary key (account_id, id),
  constraint tokens_hash_unique unique (account_id, hash)
);
comment on table tokens is 'class: tenant. One-use links, stored hashed, bound to account, kind, subject and the address they were mailed to.';
create index tokens_subject on tokens (account_id, kind, subject_id);

create table counters (
  account_id uuid not null,
  kind text not null,
  next bigint not null,
  constraint counters_pk primary key (account_id, kind)
);
comment on table counters is 'class: tenant. Human numbers, such as job 1042.';

create table idempotency_keys (
  account_id uuid not null,
  principal text not null,
  operation text not null,
  key text not null,
  body_hash text not null,
  status int,
  -- json, not jsonb: the answer is repeated letter by letter, in its own order.
  response json,
  created_at timestamptz not null,
  constraint idempotency_keys_pk primary key (account_id, principal, operation, key)
);
comment on table idempotency_keys is 'class: tenant. Answers to creating POSTs, kept 24 hours for their caller.';

create table outbox (
  account_id uuid not null,
  id uuid not null,
  kind text not null,
  channel text not null default 'email' check (channel in ('email')),
  to_address text not null,
  to_name text,
  subject_kind text,
  subject_id uuid,
  locale text not null,
  payload jsonb,
  secret boolean not null default false,
  link_kind text,
  status text not null check (status in ('waiting', 'sending', 'sent', 'failed', 'canceled')),
  attempts int not null default 0,
  next_at timestamptz not null,
  lease_until timestamptz,
  lease_number int not null default 0,
  message_id text not null,
  last_result text,
  sent_at timestamptz,
  created_at timestamptz not null,
  constraint outbox_pk primary key (account_id, id)
);
comment on table outbox is 'class: tenant. What is to be sent: the truth; the job that sends it is only its alarm clock. A payload with a token is wiped once delivered.';
create index outbox_newest on outbox (account_id, created_at desc, id desc);
create index outbox_subject on outbox (account_id, subject_kind, subject_id, created_at desc);
create index outbox_due on outbox (next_at) where status in ('waiting', 'sending');

create table deliveries (
  account_id uuid not null,
  id uuid not null,
  outbox_id uuid not null,
  attempt int not null,
  at timestamptz not null,
  outcome text not null check (outcome in ('sent', 'refused', 'deferred', 'ambiguous', 'skipped')),
  detail text,
  constraint deliveries_pk primary key (account_id, id),
  constraint deliveries_outbox_fk foreign key (account_id, outbox_id) references outbox (account_id, id) on delete cascade
);
comment on table deliveries is 'class: tenant. Each attempt to send a message and how it ended.';
create index deliveries_outbox on deliveries (account_id, outbox_id);

create table audit (
  account_id uuid not null,
  id uuid not null,
  event text not null,
  actor_kind text not null,
  actor_id uuid,
  actor_name text,
  subject_kind text,
  subject_id uuid,
  details jsonb not null default '{}',
  request_id text,
  client_address text,
  created_at timestamptz not null,
  constraint audit_pk primary key (account_id, id)
);
comment on table audit is 'class: tenant. Who did what; written in the transaction of the deed, changed by nobody.';
create index audit_newest on audit (account_id, created_at desc, id desc);

select protect_tenant_table('account_settings', 'account'), protect_tenant_table('staff_members', 'account'),
       protect_tenant_table('tokens', 'account'), protect_tenant_table('counters', 'account'),
       protect_tenant_table('idempotency_keys', 'account'), protect_tenant_table('outbox', 'journal'),
       protect_tenant_table('deliveries', 'journal'), protect_tenant_table('audit', 'journal');

-- A resend makes the waiting row due again; nothing else of it may be changed by the app.
create function resend_message(account uuid, message uuid, at timestamptz) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update outbox set status = 'waiting', next_at = at, lease_until = null, lease_number = lease_number + 1, attempts = 0, last_result = null
    where account_id = account and id = message and status in ('failed', 'waiting') and not (secret and payload is null);
  return found;
end $$;
create function app_enqueue_delivery(account uuid, message uuid, run_at timestamptz, urgent boolean default false) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  -- A password reset overtakes a newsletter; the key lets a sweep find the job instead of adding another.
  perform graphile_worker.add_job('deliver', json_build_object('account', account, 'message', message), run_at => run_at, max_attempts => 3,
    job_key => message::text, priority => case when urgent then -10 else 0 end);
end $$;
comment on function app_enqueue_delivery(uuid, uuid, timestamptz, boolean) is 'Adds the job that sends one outbox row, in the caller''s transaction. The app role has no right on the runner''s schema.';
revoke all on function resend_message(uuid, uuid, timestamptz), app_enqueue_delivery(uuid, uuid, timestamptz, boolean) from public;
grant execute on function resend_message(uuid, uuid, timestamptz), app_enqueue_delivery(uuid, uuid, timestamptz, boolean) to portico_app, portico_system;
