-- Comments, history and files: children of a record of any kind, named by parent_kind and parent_id.
-- Each kind of parent has a generated column (job_id) with a foreign key and an index. Queries join on it.

create table comments (
  account_id uuid not null,
  id uuid not null,
  parent_kind text not null check (parent_kind in ('job')),
  parent_id uuid not null,
  job_id uuid generated always as (case when parent_kind = 'job' then parent_id end) stored,
  customer_id uuid not null,
  audience text not null check (audience in ('internal', 'customer')),
  author_kind text not null,
  author_id uuid,
  author_name text,
  body text not null,
  created_at timestamptz not null,
  constraint comments_pk primary key (account_id, id),
  constraint comments_job_fk foreign key (account_id, job_id) references jobs (account_id, id) on delete cascade
);
comment on table comments is 'class: tenant. Comments on a record, among staff (internal) or with the customer.';
create index comments_job on comments (account_id, job_id, created_at, id);
select protect_tenant_table('comments', 'child');

create table history (
  account_id uuid not null,
  id uuid not null,
  parent_kind text not null check (parent_kind in ('job')),
  parent_id uuid not null,
  job_id uuid generated always as (case when parent_kind = 'job' then parent_id end) stored,
  customer_id uuid not null,
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
comment on table history is
  'class: tenant. What happened to a record and who did it. It keeps the times that a cancellation clears (E-51).';
create index history_job on history (account_id, job_id, created_at, id);
select protect_tenant_table('history', 'child');

create table files (
  account_id uuid not null,
  id uuid not null,
  parent_kind text check (parent_kind in ('job')),
  parent_id uuid,
  job_id uuid generated always as (case when parent_kind = 'job' then parent_id end) stored,
  comment_id uuid,
  field_id text,
  customer_id uuid,
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
  constraint files_comment_fk foreign key (account_id, comment_id)
    references comments (account_id, id) on delete cascade,
  constraint files_parent check ((parent_kind is null) = (parent_id is null)),
  constraint files_of_comment_have_parent check (comment_id is null or parent_id is not null)
);
comment on table files is
  'class: tenant. Attachments. '
  'A file without a parent is a pending upload: only its uploader sees it, and it expires after a day.';
comment on column files.comment_id is 'The comment that the file was sent with, if any.';
comment on column files.field_id is 'The template field that the file answers, if any.';
create index files_job on files (account_id, job_id) where job_id is not null;
create index files_comment on files (account_id, comment_id) where comment_id is not null;
create index files_waiting on files (created_at) where parent_id is null;
select protect_tenant_table('files', 'upload');

create function list_exclusive_storage_keys(p_account_id uuid, p_job_id uuid) returns text[]
  language sql stable security definer set search_path = public, pg_temp as $$
  select coalesce(array_agg(f.storage_key), '{}')
  from files f
  where f.account_id = p_account_id and f.job_id = p_job_id
    and f.account_id = nullif(current_setting('app.account', true), '')::uuid
    and not exists (
      select 1 from files o
      where o.account_id = p_account_id and o.storage_key = f.storage_key and o.job_id is distinct from p_job_id)
$$;
comment on function list_exclusive_storage_keys(uuid, uuid) is
  'Returns the storage keys that only this job uses, so they can be deleted with it. '
  'Security definer: a customer who deletes a job cannot see its internal files.';
grant execute on function list_exclusive_storage_keys(uuid, uuid) to portico_app, portico_system;
