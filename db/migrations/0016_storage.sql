-- widens: nothing

-- Bytes are summed from the rows, so that deleting a file frees its room whatever deleted it. Copies of a file share
-- their bytes (storage_key) and count once.
create index files_storage on files (account_id, storage_key) include (size, uploader_kind, uploader_id);

create function measure_storage(p_account_id uuid, p_job_id uuid, p_uploader_kind text, p_uploader_id uuid)
  returns table (account_bytes bigint, uploader_bytes bigint, job_bytes bigint)
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if p_account_id is distinct from nullif(current_setting('app.account', true), '')::uuid then
    return;
  end if;
  -- Uploads of one account are counted one after the other: of two at once, the second sees the row of the first.
  perform pg_advisory_xact_lock(hashtextextended('storage:' || p_account_id, 0));
  return query
    select
      coalesce(sum(f.size), 0)::bigint,
      coalesce(sum(f.size) filter (where f.uploader_kind = p_uploader_kind and f.uploader_id = p_uploader_id), 0)::bigint,
      (select coalesce(sum(o.size), 0)::bigint from files o where o.account_id = p_account_id and o.job_id = p_job_id)
    from (
      select distinct on (k.storage_key) k.size, k.uploader_kind, k.uploader_id
      from files k where k.account_id = p_account_id
      order by k.storage_key
    ) f;
end $$;
revoke all on function measure_storage(uuid, uuid, text, uuid) from public;
comment on function measure_storage(uuid, uuid, text, uuid) is
  'Answers how many bytes of files the account, one uploader and one job have, and makes other uploads of the account wait '
  'until this transaction ends. Called by uploads of portal users and staff, in the context of the account; no row for '
  'another account. Security definer: an uploader does not see the files of others.';
grant execute on function measure_storage(uuid, uuid, text, uuid) to portico_app;
