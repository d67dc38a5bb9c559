create table customers (
  account_id uuid not null constraint customers_account_fk references accounts,
  id uuid not null,
  name text not null,
  reference text,
  notes text not null default '',
  billing_name text,
  billing_email text,
  billing_phone text,
  billing_address text,
  partner_id uuid,
  lock_epoch int not null default 0,
  status text not null default 'active' check (status in ('active', 'archived')),
  created_for uuid,
  folded text not null,
  version int not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint customers_pk primary key (account_id, id)
);
comment on table customers is 'class: tenant. Who the business works for. Names may repeat; nothing is matched by a typed name.';
comment on column customers.reference is 'The business''s own number for the customer.';
comment on column customers.created_for is 'The portal user for whom it was made at its first booking; unique, so two bookings at once make one customer.';
comment on column customers.folded is 'Search text: name, reference, contacts, addresses; lower case, without accents.';
create unique index customers_reference_unique on customers (account_id, reference) where reference is not null;
create unique index customers_created_for_unique on customers (account_id, created_for) where created_for is not null;
create index customers_newest on customers (account_id, created_at desc, id desc);
create index customers_by_name on customers (account_id, lower(name), id);

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
  constraint contacts_customer_fk foreign key (account_id, customer_id) references customers (account_id, id) on delete cascade
);
comment on table contacts is 'class: tenant. People at a customer.';
create index contacts_customer on contacts (account_id, customer_id);
create index contacts_email on contacts (account_id, email_norm);

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
  constraint sites_customer_fk foreign key (account_id, customer_id) references customers (account_id, id) on delete cascade,
  constraint sites_both_coordinates check ((latitude is null) = (longitude is null))
);
comment on table sites is 'class: tenant. A place of a customer where work is done. Coordinates in degrees, WGS 84.';
create index sites_customer on sites (account_id, customer_id);

select protect_tenant_table('customers', 'reach'), protect_tenant_table('contacts', 'reach'), protect_tenant_table('sites', 'reach');
