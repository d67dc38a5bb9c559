-- widens: nothing
-- A contact can be archived: it stays on its records, and nobody is attached to it or signs in as it.

alter table contacts add column status text not null default 'active' check (status in ('active', 'archived'));
comment on column contacts.status is 'archived: stays where it is named, but is not offered and nobody acts as it.';
