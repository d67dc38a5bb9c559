-- Templates: the kinds of jobs a business does, and the fields each asks for.

create table templates (
  account_id uuid not null,
  id uuid not null,
  name text not null,
  description text not null default '',
  icon text not null default 'wrench',
  duration_minutes int check (duration_minutes between 5 and 14400),
  position int not null default 0,
  status text not null default 'active' check (status in ('active', 'archived')),
  external_reference text,
  version int not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint templates_pk primary key (account_id, id),
  constraint templates_account_fk foreign key (account_id) references accounts (id)
);
comment on table templates is 'class: tenant. A kind of job. Portals call it a service.';
comment on column templates.external_reference is 'Identifier in the system it was imported from.';
create unique index templates_external_unique on templates (account_id, external_reference)
  where external_reference is not null;
create index templates_in_order on templates (account_id, position, id);
select protect_tenant_table('templates', 'account');

create table template_versions (
  account_id uuid not null,
  template_id uuid not null,
  version int not null,
  fields jsonb not null,
  created_at timestamptz not null,
  constraint template_versions_pk primary key (account_id, template_id, version),
  constraint template_versions_template_fk foreign key (account_id, template_id)
    references templates (account_id, id) on delete cascade
);
comment on table template_versions is
  'class: tenant. The fields of a template, one row a version, never changed. A job keeps the version it began with.';
select protect_tenant_table('template_versions', 'account');
