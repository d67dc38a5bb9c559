-- widens: nothing
-- Two accounts that asked for one slug at once both got "yes", and one of them was left without a current slug. So the
-- slug is claimed before the old one is retired, and nothing is touched that another account holds by now.

create or replace function change_account_slug(p_account_id uuid, p_slug text, p_now timestamptz) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  -- Changes of one account run one after the other.
  perform from accounts a where a.id = p_account_id for update;
  delete from account_slugs s
  where s.slug = p_slug and s.account_id <> p_account_id
    and not s.is_current and s.retired_at <= p_now - interval '1 year';
  insert into account_slugs as s (slug, account_id, is_current, retired_at, created_at)
  values (p_slug, p_account_id, false, p_now, p_now)
  on conflict (slug) do update set retired_at = s.retired_at
  where s.account_id = p_account_id;
  if not found then
    return false;
  end if;
  update account_slugs s set is_current = false, retired_at = p_now
  where s.account_id = p_account_id and s.is_current and s.slug <> p_slug;
  update account_slugs s set is_current = true, retired_at = null
  where s.account_id = p_account_id and s.slug = p_slug;
  return true;
end $$;
comment on function change_account_slug(uuid, text, timestamptz) is
  'Gives the account another slug and retires the old one. False, and nothing is changed, when another account has it.';
