-- widens: nothing
-- A portal link keeps its contact when it is promoted to the whole customer, so that authorship stays. When the contact is
-- removed the link keeps its narrow scope and reaches nothing: without a contact, `contact` never means everything.

alter table portal_links
  drop constraint portal_links_scope,
  drop constraint portal_links_contact_fk,
  add constraint portal_links_contact_fk foreign key (account_id, contact_id)
    references contacts (account_id, id) on delete set null (contact_id);
comment on column portal_links.scope is
  'whole: the customer with everything. contact: what belongs to the contact; nothing when that contact is gone.';
comment on column portal_links.contact_id is
  'Who the portal user is at the customer, also for the scope whole. Null: nobody in particular, or a contact that is gone.';
create index portal_links_contact on portal_links (account_id, contact_id) where contact_id is not null;
