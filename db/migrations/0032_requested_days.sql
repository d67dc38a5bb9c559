-- widens: nothing
-- A customer may ask for a day without a time. `requested_at` is then noon of that day, which no change of the clocks moves to
-- another day, and this column says that the time means nothing.

alter table jobs
  add column requested_any_time boolean not null default false,
  add constraint jobs_requested_any_time check (not requested_any_time or requested_at is not null);
comment on column jobs.requested_any_time is 'Any time of the requested day suits; requested_at is its noon.';
