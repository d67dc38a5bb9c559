-- Jobs.

create table jobs (
  account_id uuid not null,
  id uuid not null,
  number int not null,
  customer_id uuid not null,
  site_id uuid,
  address text,
  latitude double precision,
  longitude double precision,
  template_id uuid not null,
  template_version int not null,
  title text not null,
  fields jsonb not null default '{}',
  tags text[] not null default '{}',
  status text not null check (status in (
    'unassigned', 'unpublished', 'pending', 'assigned', 'started', 'paused',
    'completed', 'declined', 'postponed', 'canceled')),
  worker_id uuid,
  requested_at timestamptz,
  scheduled_at timestamptz,
  duration_minutes int,
  started_at timestamptz,
  completed_at timestamptz,
  canceled_at timestamptz,
  created_by_kind text not null check (created_by_kind in ('staff', 'portalUser', 'system')),
  created_by_id uuid,
  created_by_name text,
  batch_id uuid,
  external_reference text,
  search_text_portal text not null,
  search_text_office text not null,
  version int not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint jobs_pk primary key (account_id, id),
  constraint jobs_number_unique unique (account_id, number),
  constraint jobs_account_fk foreign key (account_id) references accounts (id),
  constraint jobs_customer_fk foreign key (account_id, customer_id) references customers (account_id, id),
  constraint jobs_site_fk foreign key (account_id, site_id) references sites (account_id, id),
  constraint jobs_template_fk foreign key (account_id, template_id, template_version)
    references template_versions (account_id, template_id, version),
  constraint jobs_worker_fk foreign key (account_id, worker_id) references staff_members (account_id, id),
  constraint jobs_both_coordinates check ((latitude is null) = (longitude is null))
);
comment on table jobs is 'class: tenant. A piece of work for a customer.';
comment on column jobs.requested_at is 'Requested start.';
comment on column jobs.batch_id is 'Shared by the jobs of one booking.';
comment on column jobs.external_reference is 'Job number in the system it was imported from.';
comment on column jobs.search_text_portal is 'Search text for portal users. Excludes hidden fields.';
comment on column jobs.search_text_office is 'Search text for staff. Includes the portal text.';
create unique index jobs_external_unique on jobs (account_id, external_reference) where external_reference is not null;
create index jobs_newest on jobs (account_id, created_at desc, id desc);
create index jobs_by_status on jobs (account_id, status, created_at desc, id desc);
create index jobs_scheduled on jobs (account_id, scheduled_at, id) where scheduled_at is not null;
create index jobs_of_worker on jobs (account_id, worker_id, created_at desc, id desc) where worker_id is not null;
create index jobs_created_by on jobs (account_id, created_by_id) where created_by_id is not null;
create index jobs_of_batch on jobs (account_id, batch_id) where batch_id is not null;
-- INCLUDE the columns the policy checks, for index-only scans.
create index jobs_of_customer on jobs (account_id, customer_id, created_at desc, id desc)
  include (status, template_id, worker_id);
create index jobs_open on jobs (account_id, customer_id, created_at desc, id desc)
  include (status, template_id, worker_id)
  where status in ('unassigned', 'unpublished', 'pending', 'assigned', 'started', 'paused', 'declined', 'postponed');
create index jobs_visits on jobs (account_id, customer_id, scheduled_at, id)
  where status in ('assigned', 'started', 'paused');
create index jobs_without_worker on jobs (account_id, created_at desc, id desc)
  include (status, template_id, customer_id, worker_id)
  where worker_id is null;
-- search_jobs compares account and customer as an array so that only it uses this index.
-- Indexes only the office text, which contains the portal text. A second index would double the insert cost.
-- The pending list is limited to 512 kB. A short list keeps searches fast, and the insert that flushes it.
create index jobs_search on jobs
  using gin ((array[account_id, customer_id]), search_text_office gin_trgm_ops) with (gin_pending_list_limit = 512);
select protect_tenant_table('jobs', 'reach');

create function release_declined_job(p_account_id uuid, p_job_id uuid, p_now timestamptz) returns void
  language sql security definer set search_path = public, pg_temp as $$
  update jobs set status = 'unassigned', worker_id = null, version = version + 1, updated_at = p_now
  where account_id = p_account_id and id = p_job_id and status = 'declined'
    and account_id = nullif(current_setting('app.account', true), '')::uuid
$$;
comment on function release_declined_job(uuid, uuid, timestamptz) is
  'Unassigns a declined job (E-40). Security definer: after the update the worker can no longer see the row.';
grant execute on function release_declined_job(uuid, uuid, timestamptz) to portico_app, portico_system;
