-- widens: nothing
-- Email that is no reply opens a ticket, where the business wants that, or is held for the office to decide.

alter table account_settings add column email_tickets boolean not null default false;
comment on column account_settings.email_tickets is 'Whether emails to the address of the account open tickets.';

create table held_mails (
  account_id uuid not null,
  id uuid not null,
  from_address text not null,
  from_name text not null default '',
  subject text not null,
  body text not null,
  file_names text[] not null default '{}',
  message_key text not null,
  reason text check (reason in ('unknownSender', 'severalCustomers', 'automatic', 'tooMany', 'empty')),
  outcome text not null check (outcome in ('held', 'ticket', 'discarded')),
  ticket_id uuid,
  settled_by_id uuid,
  settled_by_name text,
  settled_at timestamptz,
  received_at timestamptz not null,
  constraint held_mails_pk primary key (account_id, id),
  constraint held_mails_once unique (account_id, message_key),
  constraint held_mails_account_fk foreign key (account_id) references accounts (id)
);
comment on table held_mails is
  'class: tenant. Emails that are no reply, and what became of each. A mail that is delivered twice is recognized here. '
  'Written by portico_system; the office settles those that are held by a definer function.';
comment on column held_mails.reason is 'Why it did not become a ticket by itself. Null: it did.';
comment on column held_mails.body is 'Empty once it became a ticket or was discarded.';
create index held_mails_newest on held_mails (account_id, received_at desc, id desc) where outcome = 'held';
create index held_mails_of_sender on held_mails (account_id, from_address, received_at);
create index held_mails_received on held_mails (received_at);
create index inbound_mails_received on inbound_mails (received_at);
select protect_tenant_table('held_mails', 'report');

create function settle_held_mail(
  p_id uuid, p_outcome text, p_ticket_id uuid, p_by_id uuid, p_by_name text, p_now timestamptz) returns boolean
  language sql security definer set search_path = public, pg_temp as $$
  with settled as (
    update held_mails
    set outcome = p_outcome, ticket_id = p_ticket_id, body = '',
      settled_by_id = p_by_id, settled_by_name = p_by_name, settled_at = p_now
    where account_id = context_account() and id = p_id and outcome = 'held' and is_office_staff()
    returning id)
  select exists (select 1 from settled)
$$;
comment on function settle_held_mail(uuid, text, uuid, uuid, text, timestamptz) is
  'Ends the waiting of a held mail; of two at once the first counts. Called by owners, admins and dispatchers within the account.';
grant execute on function settle_held_mail(uuid, text, uuid, uuid, text, timestamptz) to portico_app;
