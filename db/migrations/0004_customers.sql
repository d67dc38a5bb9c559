-- Customers with their contacts and sites.

-- pg_trgm provides indexes that find any three consecutive letters.
create extension if not exists pg_trgm;

create table customers (
  account_id uuid not null,
  id uuid not null,
  name text not null,
  reference text,
  notes text not null default '',
  billing_name text,
  billing_email text,
  billing_phone text,
  billing_address text,
  status text not null default 'active' check (status in ('active', 'archived')),
  partner_id uuid,
  created_for_user_id uuid,
  lock_epoch int not null default 0,
  search_text text not null,
  -- The same normalization as platform/fold.ts, which customers.test.ts compares.
  search_name text not null generated always as (
    btrim(regexp_replace(
      translate(
        replace(replace(replace(replace(
          regexp_replace(
            normalize(lower(name), NFKD),
            U&'[\0300-\036F\0483-\0489\0591-\05BD\064B-\065F\0670\1AB0-\1ACE'
              '\1DC0-\1DFF\20D0-\20F0\3099\309A\FE20-\FE2F]',
            '', 'g'),
          'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
        'øđðłıħŋ', 'oddlihn'),
      '\s+', ' ', 'g'))) stored,
  version int not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint customers_pk primary key (account_id, id),
  constraint customers_account_fk foreign key (account_id) references accounts (id)
);
comment on table customers is
  'class: tenant. Whom the business works for. Names may repeat; nothing is matched by name.';
comment on column customers.reference is 'The business''s own number for the customer.';
comment on column customers.created_for_user_id is
  'The portal user whose first booking created it. Unique, so that two bookings at once create one customer.';
comment on column customers.lock_epoch is 'Not used yet: will end all secure links of the customer.';
comment on column customers.search_text is
  'Name, reference, contacts and addresses, in lower case without accents. Written by the app.';
comment on column customers.search_name is 'The name in lower case without accents.';
create unique index customers_reference_unique on customers (account_id, reference) where reference is not null;
create unique index customers_created_for_unique on customers (account_id, created_for_user_id)
  where created_for_user_id is not null;
create index customers_newest on customers (account_id, created_at desc, id desc);
create index customers_by_name on customers (account_id, lower(name), id);
-- search_customers compares the account as an array so that only it uses this index.
-- The pending list is limited to 512 kB. A short list keeps searches fast, and the insert that flushes it.
create index customers_search on customers
  using gin ((array[account_id]), search_text gin_trgm_ops) with (gin_pending_list_limit = 512);
select protect_tenant_table('customers', 'reach');

create table contacts (
  account_id uuid not null,
  id uuid not null,
  customer_id uuid not null,
  name text not null,
  role text,
  email text,
  email_norm text,
  phone text,
  is_primary boolean not null default false,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint contacts_pk primary key (account_id, id),
  constraint contacts_customer_fk foreign key (account_id, customer_id)
    references customers (account_id, id) on delete cascade
);
comment on table contacts is 'class: tenant. People at a customer.';
create index contacts_customer on contacts (account_id, customer_id);
create index contacts_email on contacts (account_id, email_norm);
select protect_tenant_table('contacts', 'reach');

create table sites (
  account_id uuid not null,
  id uuid not null,
  customer_id uuid not null,
  name text,
  address text not null,
  latitude double precision check (latitude between -90 and 90),
  longitude double precision check (longitude between -180 and 180),
  notes text,
  status text not null default 'active' check (status in ('active', 'archived')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint sites_pk primary key (account_id, id),
  constraint sites_customer_fk foreign key (account_id, customer_id)
    references customers (account_id, id) on delete cascade,
  constraint sites_both_coordinates check ((latitude is null) = (longitude is null))
);
comment on table sites is 'class: tenant. A place of a customer where work is done. Coordinates in degrees, WGS 84.';
create index sites_customer on sites (account_id, customer_id);
select protect_tenant_table('sites', 'reach');
