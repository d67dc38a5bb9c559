-- widens: nothing

-- A sign-in that succeeds takes back its counts itself (complete_sign_in), so nothing calls this any more.
drop function clear_rate_limit(text);
