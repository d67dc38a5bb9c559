-- What customers look at most, found without walking what is long done: open jobs, and the next visit.
-- widens: nothing

create index jobs_open on jobs (account_id, customer_id, created_at desc, id desc) include (status, template_id, worker_id)
  where status in ('unassigned', 'unpublished', 'pending', 'assigned', 'started', 'paused', 'declined', 'postponed');
create index jobs_visits on jobs (account_id, customer_id, scheduled_at, id) where status in ('assigned', 'started', 'paused');
