-- Who plans asks for jobs without a worker: few of all, and counted over a million before.
-- widens: nothing
create index jobs_without_worker on jobs (account_id, created_at desc, id desc) include (status, template_id, customer_id, worker_id) where worker_id is null;
