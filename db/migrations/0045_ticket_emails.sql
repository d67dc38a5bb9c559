-- widens: nothing
-- Emails about tickets are collected like those about jobs: one table of changes that wait, for every kind of record.

alter table job_updates rename to record_updates;
alter table record_updates rename column job_id to parent_id;
alter table record_updates rename constraint job_updates_pk to record_updates_pk;
alter index job_updates_due rename to record_updates_due;
alter table record_updates add column parent_kind text not null default 'job' check (parent_kind in ('job', 'ticket'));
alter table record_updates
  alter column parent_kind drop default,
  drop constraint job_updates_kind_check,
  add constraint record_updates_kind_check check (kind in ('created', 'changed', 'commented', 'edited', 'deleted'));
drop index job_updates_job;
create index record_updates_parent on record_updates (account_id, parent_kind, parent_id);
comment on table record_updates is
  'class: tenant. Changes of jobs and tickets that people may be emailed about, written in the transaction of the change. '
  'Five minutes after the first, the deliverer turns all of one record into emails and deletes them.';
