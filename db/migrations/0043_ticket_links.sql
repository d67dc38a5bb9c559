-- widens: nothing
-- Tickets that were merged into another, and jobs that were created from a ticket.

alter table tickets
  add column merged_into_id uuid,
  add constraint tickets_merged_into_fk foreign key (account_id, merged_into_id) references tickets (account_id, id),
  add constraint tickets_merged check (merged_into_id is null or (status = 'closed' and merged_into_id <> id));
comment on column tickets.merged_into_id is 'The ticket that has its comments and files now.';
create index tickets_merged_into on tickets (account_id, merged_into_id) where merged_into_id is not null;

alter table jobs
  add column ticket_id uuid,
  add constraint jobs_ticket_fk foreign key (account_id, ticket_id) references tickets (account_id, id);
comment on column jobs.ticket_id is 'The ticket that the job was created from.';
create index jobs_of_ticket on jobs (account_id, ticket_id) where ticket_id is not null;
