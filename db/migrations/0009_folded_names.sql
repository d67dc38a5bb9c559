-- A customer's name as search reads it, kept by the database: a list of jobs finds them by it in one statement, whoever
-- renames the customer. The same folding as platform/fold.ts, which customers.test.ts compares.
-- widens: nothing
alter table customers add column folded_name text not null generated always as (
  btrim(regexp_replace(
    translate(replace(replace(replace(replace(
      regexp_replace(normalize(lower(name), NFKD), U&'[\0300-\036F\0483-\0489\0591-\05BD\064B-\065F\0670\1AB0-\1ACE\1DC0-\1DFF\20D0-\20F0\3099\309A\FE20-\FE2F]', '', 'g'),
      'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'), 'øđðłıħŋ', 'oddlihn'),
    '\s+', ' ', 'g'))) stored;
comment on column customers.folded_name is 'The name in lower case without accents, for search.';
