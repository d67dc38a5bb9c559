-- widens: nothing
-- Search finds names and addresses whatever apostrophes and dashes they are written with, and postcodes with and without
-- their space. fold_search_text is platform/fold.ts; search.test.ts compares the two.

create function fold_search_text(p_text text) returns text language sql immutable parallel safe as $$
  select regexp_replace(
    btrim(regexp_replace(
      translate(
        replace(replace(replace(replace(
          regexp_replace(
            translate(
              regexp_replace(
                normalize(replace(lower(p_text), '´', ''), NFKD),
                U&'[\0300-\036F\0483-\0489\0591-\05BD\064B-\065F\0670\1AB0-\1ACE'
                  '\1DC0-\1DFF\20D0-\20F0\3099\309A\FE20-\FE2F]',
                '', 'g'),
              U&'''"`\2018\2019\201A\201B\201C\201D\201E\201F\2032\2035\02B9\02BA\02BB\02BC\00AB\00BB\2039\203A'
                '\00AD\2010\2011\2012\2013\2014\2015\2043\2212-',
              ''),
            '#(?=[0-9])', '', 'g'),
          'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
        'øđðłıħŋ', 'oddlihn'),
      '\s+', ' ', 'g')),
    '(?<![a-z0-9])(?:([a-z]{1,2}[0-9][a-z0-9]?) ([0-9][a-z][a-z0-9])|([a-z][0-9][0-9w]) ([a-z][a-z0-9]{3})'
      || '|([0-9]{4}) ([a-z]{2})|([0-9]{3}) ([0-9]{2}))(?![a-z0-9])',
    '\1\2\3\4\5\6\7\8', 'g')
$$;
comment on function fold_search_text(text) is
  'Lower case without accents, apostrophes and dashes; postcodes without their space. The same as platform/fold.ts.';
grant execute on function fold_search_text(text) to portico_app, portico_system;

alter table customers drop column search_name;
alter table customers add column search_name text not null generated always as (fold_search_text(name)) stored;
comment on column customers.search_name is 'The name as fold_search_text writes it.';

-- Stored texts are in lower case and without accents already: to fold them again takes out marks and spaces.
update customers set search_text = fold_search_text(search_text) where search_text <> fold_search_text(search_text);
update portal_users set search_text = fold_search_text(search_text) where search_text <> fold_search_text(search_text);
update jobs set
  search_text_portal = fold_search_text(search_text_portal),
  search_text_office = fold_search_text(search_text_office),
  search_text_worker = fold_search_text(search_text_worker)
where search_text_office <> fold_search_text(search_text_office)
  or search_text_portal <> fold_search_text(search_text_portal);
