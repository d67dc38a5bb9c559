create table templates (
  account_id uuid not null constraint templates_account_fk references accounts,
  id uuid not null,
  name text not null,
  description text not null default '',
  icon text not null default 'wrench',
  duration_minutes int check (duration_minutes between 5 and 14400),
  position int not null default 0,
  status text not null default 'active' check (status in ('active', 'archived')),
  version int not null default 1,
  external_reference text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint templates_pk primary key (account_id, id)
);
comment on table templates is 'class: tenant. A kind of job; called job type in the portal.';
create unique index templates_external_unique on templates (account_id, external_reference) where external_reference is not null;
create index templates_in_order on templates (account_id, position, id);

create table template_versions (
  account_id uuid not null,
  template_id uuid not null,
  version int not null,
  fields jsonb not null,
  created_at timestamptz not null,
  constraint template_versions_pk primary key (account_id, template_id, version),
  constraint template_versions_template_fk foreign key (account_id, template_id) references templates (account_id, id) on delete cascade
);
comment on table template_versions is 'class: tenant. The fields of a template as they were; a job keeps the version it was made with. Never changed once written.';

create table jobs (
  account_id uuid not null constraint jobs_account_fk references accounts,
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
  partner_id uuid,
  worker_id uuid,
  created_by_kind text not null check (created_by_kind in ('staff', 'portalUser', 'system')),
  created_by_id uuid,
  created_by_name text,
  status text not null check (status in ('unassigned', 'unpublished', 'pending', 'assigned', 'started', 'paused', 'completed', 'declined', 'postponed', 'canceled')),
  requested_at timestamptz,
  scheduled_at timestamptz,
  duration_minutes int,
  started_at timestamptz,
  completed_at timestamptz,
  canceled_at timestamptz,
  fields jsonb not null default '{}',
  tags text[] not null default '{}',
  batch_id uuid,
  external_reference text,
  folded_portal text not null,
  folded_office text not null,
  version int not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint jobs_pk primary key (account_id, id),
  constraint jobs_number_unique unique (account_id, number),
  constraint jobs_customer_fk foreign key (account_id, customer_id) references customers (account_id, id),
  constraint jobs_site_fk foreign key (account_id, site_id) references sites (account_id, id),
  constraint jobs_template_fk foreign key (account_id, template_id, template_version) references template_versions (account_id, template_id, version),
  constraint jobs_worker_fk foreign key (account_id, worker_id) references staff_members (account_id, id),
  constraint jobs_both_coordinates check ((latitude is null) = (longitude is null))
);
comment on table jobs is 'class: tenant. A piece of work for a customer.';
comment on column jobs.requested_at is 'When the customer would like it: a wish, never a promise.';
comment on column jobs.folded_portal is 'Search text of what a customer may see; values of hidden fields are never in it.';
comment on column jobs.folded_office is 'Search text for staff.';
create unique index jobs_external_unique on jobs (account_id, external_reference) where external_reference is not null;
create index jobs_newest on jobs (account_id, created_at desc, id desc);
create index jobs_of_customer on jobs (account_id, customer_id, created_at desc, id desc);
create index jobs_of_worker on jobs (account_id, worker_id, created_at desc, id desc) where worker_id is not null;
create index jobs_by_status on jobs (account_id, status, created_at desc, id desc);
create index jobs_scheduled on jobs (account_id, scheduled_at, id) where scheduled_at is not null;
create index jobs_created_by on jobs (account_id, created_by_id) where created_by_id is not null;

-- Comments, history and files hang on a record of any kind: parent_kind and parent_id say on which. One generated column a kind
-- carries the foreign key and the index: rows are read by it, joined to their parent, and go with it.
create table comments (
  account_id uuid not null,
  id uuid not null,
  parent_kind text not null check (parent_kind in ('job')),
  parent_id uuid not null,
  job_id uuid generated always as (case when parent_kind = 'job' then parent_id end) stored,
  customer_id uuid not null,
  partner_id uuid,
  audience text not null check (audience in ('internal', 'customer')),
  author_kind text not null,
  author_id uuid,
  author_name text,
  body text not null,
  created_at timestamptz not null,
  constraint comments_pk primary key (account_id, id),
  constraint comments_job_fk foreign key (account_id, job_id) references jobs (account_id, id) on delete cascade
);
comment on table comments is 'class: tenant. What was said about a record, among staff (internal) or with the customer.';
create index comments_job on comments (account_id, job_id, created_at, id);

create table history (
  account_id uuid not null,
  id uuid not null,
  parent_kind text not null check (parent_kind in ('job')),
  parent_id uuid not null,
  job_id uuid generated always as (case when parent_kind = 'job' then parent_id end) stored,
  customer_id uuid not null,
  partner_id uuid,
  audience text not null check (audience in ('internal', 'customer')),
  event text not null,
  from_status text,
  to_status text,
  details jsonb not null default '{}',
  actor_kind text not null,
  actor_id uuid,
  actor_name text,
  created_at timestamptz not null,
  constraint history_pk primary key (account_id, id),
  constraint history_job_fk foreign key (account_id, job_id) references jobs (account_id, id) on delete cascade
);
comment on table history is 'class: tenant. What happened to a record and who did it. Times a cancellation removes are kept here (E-51).';
create index history_job on history (account_id, job_id, created_at, id);

create table files (
  account_id uuid not null,
  id uuid not null,
  parent_kind text check (parent_kind in ('job')),
  parent_id uuid,
  job_id uuid generated always as (case when parent_kind = 'job' then parent_id end) stored,
  comment_id uuid,
  field_id text,
  customer_id uuid,
  partner_id uuid,
  audience text not null check (audience in ('internal', 'customer')),
  uploader_kind text not null,
  uploader_id uuid,
  uploader_name text,
  name text not null,
  type text not null,
  size bigint not null,
  storage_key text not null,
  created_at timestamptz not null,
  constraint files_pk primary key (account_id, id),
  constraint files_job_fk foreign key (account_id, job_id) references jobs (account_id, id) on delete cascade,
  constraint files_comment_fk foreign key (account_id, comment_id) references comments (account_id, id) on delete cascade,
  constraint files_parent check ((parent_kind is null) = (parent_id is null)),
  constraint files_of_comment_have_parent check (comment_id is null or parent_id is not null)
);
comment on table files is 'class: tenant. Attachments. One without a parent waits for its form, is readable by its uploader only, and expires after a day.';
comment on column files.comment_id is 'The comment it was sent with, if any.';
comment on column files.field_id is 'The template field it answers, if any.';
create index files_job on files (account_id, job_id) where job_id is not null;
create index files_comment on files (account_id, comment_id) where comment_id is not null;
create index files_waiting on files (created_at) where parent_id is null;

select protect_tenant_table('templates', 'account'), protect_tenant_table('template_versions', 'account'),
       protect_tenant_table('jobs', 'reach'), protect_tenant_table('comments', 'child'),
       protect_tenant_table('history', 'child'), protect_tenant_table('files', 'upload');

-- A worker who declines loses the job in the same moment, and so could not write this himself.
create function release_declined_job(wanted_account uuid, job uuid, at timestamptz) returns void
  language sql security definer set search_path = public, pg_temp as $$
  update jobs set status = 'unassigned', worker_id = null, version = version + 1, updated_at = at
    where account_id = wanted_account and id = job and status = 'declined'
      and account_id = nullif(current_setting('app.account', true), '')::uuid
$$;
comment on function release_declined_job(uuid, uuid, timestamptz) is 'Declined → unassigned, which follows by itself (E-40). Only inside the account of the transaction.';

-- An unlinked portal user who books again gets a new customer and never the old one back: somebody took it away.
create function delete_automatic_customer(wanted_account uuid, portal_user uuid) returns void
  language sql security definer set search_path = public, pg_temp as $$
  update customers c set created_for = null
    where c.account_id = wanted_account and c.created_for = portal_user
      and c.account_id = nullif(current_setting('app.account', true), '')::uuid
      and not exists (select 1 from portal_links l where l.account_id = wanted_account and l.portal_user_id = portal_user and l.customer_id = c.id)
$$;
comment on function delete_automatic_customer(uuid, uuid) is 'Frees the mark of an automatic customer that its portal user is no longer linked to.';
-- A customer who deletes a request takes internal files along without seeing them.
create function exclusive_storage_keys(wanted_account uuid, wanted_job uuid) returns text[]
  language sql stable security definer set search_path = public, pg_temp as $$
  select coalesce(array_agg(f.storage_key), '{}') from files f
  where f.account_id = wanted_account and f.job_id = wanted_job
    and f.account_id = nullif(current_setting('app.account', true), '')::uuid
    and not exists (select 1 from files o where o.account_id = wanted_account and o.storage_key = f.storage_key and o.job_id is distinct from wanted_job)
$$;
comment on function exclusive_storage_keys(uuid, uuid) is 'Names of the bytes that only this job holds, so that they go with it. Opaque names, of no use without the disk.';
revoke all on function release_declined_job(uuid, uuid, timestamptz), delete_automatic_customer(uuid, uuid), exclusive_storage_keys(uuid, uuid) from public;
grant execute on function release_declined_job(uuid, uuid, timestamptz), delete_automatic_customer(uuid, uuid), exclusive_storage_keys(uuid, uuid) to portico_app, portico_system;
