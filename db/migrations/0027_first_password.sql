-- widens: nothing

-- Two invitations of one new person can be accepted at once. find_or_create_person drops the second password without a
-- word, so an accepted invitation sets it here and learns whether it did.
create function set_first_password(p_person_id uuid, p_name text, p_password_hash text, p_now timestamptz)
  returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update people p set name = p_name, password_hash = p_password_hash, updated_at = p_now
  where p.id = p_person_id and p.password_hash is null;
  return found;
end $$;
comment on function set_first_password(uuid, text, text, timestamptz) is
  'Gives a person who has no password a name and a password; false when there is a password already. '
  'Called by the invited person: the token that this transaction used is the permission.';
grant execute on function set_first_password(uuid, text, text, timestamptz) to portico_app;
