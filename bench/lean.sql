-- The leanest schema for "my jobs": what a customer's list shows, and who is signed in. Filled from Portico's own rows.
drop schema if exists lean cascade;
create schema lean;
create table lean.jobs (
  id uuid primary key default gen_random_uuid(),
  account uuid not null,
  customer uuid not null,
  number serial,
  title text not null,
  status text not null,
  address text,
  created_at timestamptz not null default now()
);
insert into lean.jobs (id, account, customer, number, title, status, address, created_at)
  select id, account_id, customer_id, number, title, status, address, created_at from jobs where customer_id is not null;
select setval('lean.jobs_number_seq', (select max(number) from lean.jobs));
create index on lean.jobs (customer, created_at desc, id desc);
create table lean.sessions (hash bytea primary key, account uuid not null, customers uuid[] not null);
insert into lean.sessions
  select s.hash, s.account_id, array_agg(l.customer_id) from portal_sessions s
  join portal_links l on l.account_id = s.account_id and l.portal_user_id = s.subject_id
  group by s.hash, s.account_id;
alter table lean.jobs enable row level security;
create policy own on lean.jobs to portico_app
  using (account = (select current_setting('app.account'))::uuid
    and customer = any ((select current_setting('app.customers'))::uuid[]));
grant usage on schema lean to portico_app;
grant select, insert on all tables in schema lean to portico_app;
grant usage on all sequences in schema lean to portico_app;
vacuum analyze lean.jobs, lean.sessions;
