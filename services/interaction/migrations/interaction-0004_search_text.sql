-- no-transaction
-- Rewrites letters of other scripts in the search text, a thousand rows a transaction: `|00738b` becomes `|AAHDIL`.
do $$
declare
  target record;
  changed integer := 0;
begin
  for target in select company_id, id from interactions where search_text ~ '\|[0-9a-f]{6}' loop
    update interactions set search_text = (
      select string_agg(
          case when part ~ '^[0-9a-f]{6}' and n > 1
            then translate(left(part, 6), '0123456789abcdef', 'ABCDEFGHIJKLMNOP') || substr(part, 7) else part end,
          '|' order by n)
        from unnest(string_to_array(search_text, '|')) with ordinality as parts (part, n)
    ) where company_id = target.company_id and id = target.id;
    changed := changed + 1;
    if changed % 1000 = 0 then commit; end if;
  end loop;
end $$;
