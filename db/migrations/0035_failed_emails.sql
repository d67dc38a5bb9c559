-- widens: nothing
-- A customer's page shows beside each contact whether their email failed.

create index outbox_failed on outbox (account_id, lower(to_address), created_at desc) where status = 'failed';
