-- widens: nothing
-- Replies by email: the address that each recipient's reply goes to, and what became of each mail that arrived there.

create table reply_addresses (
  account_id uuid not null,
  hash bytea not null,
  ticket_id uuid not null,
  reader_kind text not null check (reader_kind in ('portalUser', 'staff')),
  reader_id uuid not null,
  created_at timestamptz not null,
  constraint reply_addresses_pk primary key (account_id, hash),
  constraint reply_addresses_ticket_fk foreign key (account_id, ticket_id)
    references tickets (account_id, id) on delete cascade
);
comment on table reply_addresses is
  'class: tenant. Who and which ticket a reply address is for. Written with the email that carries it, and read when mail '
  'arrives, by portico_system.';
comment on column reply_addresses.hash is 'SHA-256 of the part of the address that cannot be guessed.';
create index reply_addresses_hash on reply_addresses (hash);
create index reply_addresses_ticket on reply_addresses (account_id, ticket_id);
select protect_tenant_table('reply_addresses', 'closed');

create table inbound_mails (
  account_id uuid not null,
  id uuid not null,
  ticket_id uuid not null,
  reader_kind text not null,
  reader_id uuid not null,
  from_address text not null,
  message_key text not null,
  outcome text not null check (outcome in ('comment', 'held', 'automatic', 'empty')),
  detail text,
  received_at timestamptz not null,
  constraint inbound_mails_pk primary key (account_id, id),
  constraint inbound_mails_once unique (account_id, ticket_id, reader_kind, reader_id, message_key),
  constraint inbound_mails_ticket_fk foreign key (account_id, ticket_id)
    references tickets (account_id, id) on delete cascade
);
comment on table inbound_mails is
  'class: tenant. Mails that arrived for tickets and what became of each. A mail that is delivered twice is recognized here. '
  'Written by portico_system.';
comment on column inbound_mails.message_key is 'The Message-ID, or a hash of a mail without one.';
comment on column inbound_mails.outcome is
  'comment: a comment on the ticket. held: an internal note, for the reason in detail. automatic: no person wrote it.';
select protect_tenant_table('inbound_mails', 'report');

-- Attachments of mails are counted like uploads.
grant execute on function measure_storage(uuid, uuid, text, uuid) to portico_system;
