-- Mail without a job queue: the outbox row is all there is. The deliverer takes what is due from the table itself, urgent
-- ones first, then the oldest; see docs/decisions/0013-outbox-without-queue.md.
-- widens: nothing

alter table outbox add column urgent boolean not null default false;
comment on column outbox.urgent is 'Somebody sits and waits for it: it overtakes everything else in line.';
comment on table outbox is 'class: tenant. What is to be sent: the truth, and the line it waits in. A payload with a token is wiped once delivered.';

-- In the order rows are taken: the next one of 100,000 is the first entry.
drop index outbox_due;
create index outbox_due on outbox (urgent desc, next_at) where status in ('waiting', 'sending');

-- Who presses "send again" looks at the screen until it is out.
create or replace function resend_message(account uuid, message uuid, at timestamptz) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update outbox set status = 'waiting', next_at = at, lease_until = null, lease_number = lease_number + 1, attempts = 0, last_result = null, urgent = true
    where account_id = account and id = message and status in ('failed', 'waiting') and not (secret and payload is null);
  return found;
end $$;

-- Jobs that still wait there are alarms of rows in the outbox, which are due without them.
drop function app_enqueue_delivery(uuid, uuid, timestamptz, boolean);
drop schema if exists graphile_worker cascade;
