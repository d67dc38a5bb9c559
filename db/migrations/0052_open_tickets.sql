-- widens: nothing

-- A customer of years has a thousand closed tickets beside three open ones: the list of the open ones must not walk them.
create index tickets_open_of_customer on tickets (account_id, customer_id, updated_at desc, id desc)
  where status in ('new', 'open', 'waiting', 'onHold');
