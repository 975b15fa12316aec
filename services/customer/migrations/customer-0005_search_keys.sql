-- Keys of a customer in the search index: docs/adr/0011.
-- `m.e`, two letters or digits with the punctuation between them, which trigrams leave out; `#vip`, a label in lower case.
create function search_keys(search_text text, tags text[]) returns text[]
  language sql immutable parallel safe
as $$
  select array(
    select distinct found[1] from regexp_matches(search_text, '[a-z0-9][^a-zA-Z0-9|\s]{1,8}[a-z0-9]', 'g') as found
    union all
    select '#' || lower(label) from unnest(tags) as label
  )
$$;
-- The column rewrites the table and builds its indexes again; the index that gets it is dropped before, to be built once.
drop index customers_search_text;
alter table customers
  add column search_keys text[] not null generated always as (search_keys(search_text, tags)) stored;
comment on column customers.search_keys is 'sensitive: pairs of characters around punctuation in search_text, and labels';
create index customers_search_text on customers
  using gin (company_id, search_text gin_trgm_ops, deletion_keys, search_keys) with (fastupdate = off);
analyze customers (search_keys);
