-- widens: nothing
-- Working hours, which scheduling warns by, and what the last change of a job can be undone to.

alter table account_settings
  add column working_days int[] not null default '{1,2,3,4,5}',
  add column work_starts text not null default '08:00',
  add column work_ends text not null default '18:00',
  add constraint account_settings_working_days check (working_days <@ '{1,2,3,4,5,6,7}'),
  add constraint account_settings_working_hours
    check (work_starts ~ '^[0-2]\d:[0-5]\d$' and work_ends ~ '^[0-2]\d:[0-5]\d$' and work_starts < work_ends);
comment on column account_settings.working_days is 'ISO days of the week, 1 is Monday. Visits on others are warned of.';
comment on column account_settings.work_starts is 'Local time of day. Visits outside of the hours are warned of, not refused.';

alter table jobs add column undo jsonb;
comment on column jobs.undo is
  'What staff can undo for a minute: the columns before the change that made this version. Void in any other version.';

-- The visits of a worker around a time, for overlaps.
create index jobs_visits_of_worker on jobs (account_id, worker_id, scheduled_at)
  where scheduled_at is not null and status in ('unpublished', 'pending', 'assigned', 'started', 'paused');
