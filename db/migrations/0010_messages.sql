-- Messages: the outbox and the attempts to deliver it. There is no job queue beside it; see
-- docs/decisions/0013-outbox-without-queue.md.

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
  urgent boolean not null default false,
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
comment on table outbox is
  'class: tenant. Messages to send, written in the transaction that causes them; the deliverer takes what is due.';
comment on column outbox.secret is 'The payload contains a token and is cleared after delivery.';
comment on column outbox.urgent is 'Someone is waiting for the message, so it is sent before the others.';
create index outbox_newest on outbox (account_id, created_at desc, id desc);
create index outbox_subject on outbox (account_id, subject_kind, subject_id, created_at desc);
-- The index has the order in which rows are claimed, so the next of 100,000 is its first entry.
create index outbox_due on outbox (urgent desc, next_at) where status in ('waiting', 'sending');
select protect_tenant_table('outbox', 'journal');

create table deliveries (
  account_id uuid not null,
  id uuid not null,
  outbox_id uuid not null,
  attempt int not null,
  at timestamptz not null,
  outcome text not null check (outcome in ('sent', 'refused', 'deferred', 'ambiguous', 'skipped')),
  detail text,
  constraint deliveries_pk primary key (account_id, id),
  constraint deliveries_outbox_fk foreign key (account_id, outbox_id)
    references outbox (account_id, id) on delete cascade
);
comment on table deliveries is 'class: tenant. Each attempt to send a message, and its outcome.';
create index deliveries_outbox on deliveries (account_id, outbox_id);
select protect_tenant_table('deliveries', 'journal');

create function resend_message(p_account_id uuid, p_message_id uuid, p_now timestamptz) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  -- The message is urgent because the person who resends it is waiting for it.
  update outbox set
    status = 'waiting', next_at = p_now, urgent = true, attempts = 0, last_result = null,
    lease_until = null, lease_number = lease_number + 1
  where account_id = p_account_id and id = p_message_id
    and status in ('failed', 'waiting') and not (secret and payload is null);
  return found;
end $$;
comment on function resend_message(uuid, uuid, timestamptz) is
  'Makes a failed or waiting message due now. Returns false when it cannot be sent again. '
  'Security definer: portico_app cannot update the outbox.';
grant execute on function resend_message(uuid, uuid, timestamptz) to portico_app, portico_system;
