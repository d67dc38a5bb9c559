-- What one form has booked, so that the same form sent twice is found without reading all that its sender ever booked.
-- widens: nothing
create index jobs_of_batch on jobs (account_id, batch_id) where batch_id is not null;
