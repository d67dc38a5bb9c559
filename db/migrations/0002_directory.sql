-- Who exists on this installation. No tenant policy: the app role has no grant here (see protect_directory_table).

create table accounts (
  id uuid primary key,
  kind text not null check (kind in ('business')),
  status text not null check (status in ('active', 'suspended')),
  created_at timestamptz not null
);
comment on table accounts is 'class: directory. A business that runs its office and its portal here.';

create table addresses (
  name text primary key check (name ~ '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$'),
  account_id uuid not null constraint addresses_account_fk references accounts,
  current boolean not null,
  retired_at timestamptz,
  created_at timestamptz not null
);
comment on table addresses is 'class: directory. Slug or own host of an account. One current; retired ones redirect for a year.';
create unique index addresses_one_current on addresses (account_id) where current;

create table people (
  id uuid primary key,
  email text not null,
  email_norm text not null constraint people_email_unique unique,
  name text not null,
  password_hash text,
  locale text not null default 'en',
  created_at timestamptz not null,
  updated_at timestamptz not null
);
comment on table people is 'class: directory. Staff are people: one row per email on the installation, with memberships in accounts.';

create table people_sessions (
  hash bytea primary key,
  id uuid not null unique,
  person_id uuid not null constraint people_sessions_person_fk references people on delete cascade,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  ends_at timestamptz not null,
  user_agent text not null,
  client_address text not null
);
comment on table people_sessions is 'class: directory. Looked up on every request; ends_at is absolute (24 h), an hour without a request ends it too.';
create index people_sessions_person on people_sessions (person_id);

create table people_tokens (
  hash bytea primary key,
  id uuid not null unique,
  kind text not null check (kind in ('passwordReset', 'setUp')),
  person_id uuid constraint people_tokens_person_fk references people on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
comment on table people_tokens is 'class: directory. One-use links of people, stored hashed: password reset, and the set-up of an empty installation.';

select protect_directory_table('accounts'), protect_directory_table('addresses'), protect_directory_table('people'),
       protect_directory_table('people_sessions'), protect_directory_table('people_tokens');
