-- widens: nothing
-- A sign-up is believed only in the browser that sent it. Anyone can type a stranger's address with a password of their
-- own: the mailbox proves the address, but not who typed the password.

alter table portal_users add column sign_up_hash bytea;
comment on column portal_users.sign_up_hash is
  'Hash of the cookie of the browser that signed up. Only there the emailed link activates with one click; '
  'anywhere else it asks for details and a password. Null: nobody signed up, or what was typed is not believed.';
